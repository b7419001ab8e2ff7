//! What was decided about every route, written down a second time: changing it takes two hands.

use parkd::http::routes;

const DECIDED: &str = "
DELETE /api/cameras/{camera}          Admin
GET    /api/cameras/{camera}          Viewer
PATCH  /api/cameras/{camera}          Admin
POST   /api/cameras/{camera}/calibrate Attendant
POST   /api/cameras/{camera}/capture  Attendant
GET    /api/cameras/{camera}/health   Viewer
POST   /api/cameras/{camera}/health   Device
GET    /api/cameras/{camera}/regions  Viewer
PUT    /api/cameras/{camera}/regions  Admin
POST   /api/cameras/{camera}/token    Admin
GET    /api/cameras                   Viewer
POST   /api/cameras                   Admin
POST   /api/capture                   Upload
GET    /api/capture/latest            Viewer
GET    /api/captures                  Viewer
DELETE /api/captures/{capture}        Admin
GET    /api/captures/{capture}        Viewer
PATCH  /api/captures/{capture}        Attendant
GET    /api/events                    Public
GET    /api/firmware                  Viewer
POST   /api/firmware                  Admin
GET    /api/firmware/key              Admin
DELETE /api/firmware/{firmware}       Admin
GET    /api/firmware/{firmware}       Viewer
GET    /api/firmware/{firmware}/image Device
POST   /api/firmware/{firmware}/roll-out Admin
GET    /api/login                     Known
POST   /api/login                     Open
POST   /api/logout                    Open
GET    /api/lots                      Public
POST   /api/lots                      Admin
DELETE /api/lots/{lot}                Admin
GET    /api/lots/{lot}                Public
PATCH  /api/lots/{lot}                Admin
GET    /api/sessions                  Viewer
POST   /api/sessions/entry            Attendant
POST   /api/sessions/exit             Attendant
GET    /api/sessions/stats            Viewer
GET    /api/sessions/{session}        Viewer
GET    /api/cameras/{camera}/views    Viewer
GET    /api/slots                     Public
POST   /api/slots                     Admin
POST   /api/slots/import              Admin
GET    /api/slots/history             Public
GET    /api/slots/stats               Public
DELETE /api/slots/{slot}              Admin
GET    /api/slots/{slot}              Public
PATCH  /api/slots/{slot}              Admin
PUT    /api/slots/{slot}              Attendant
POST   /api/slots/{slot}/toggle       Attendant
GET    /api/slots/{slot}/why          Viewer
GET    /api/storage                   Viewer
GET    /api/tokens                    Admin
POST   /api/tokens                    Admin
DELETE /api/tokens/{token}            Admin
GET    /api/version                   Open
GET    /health/live                   Open
GET    /health/ready                  Open
GET    /images/{key}                  Viewer
GET    /ws                            Public
";

#[test]
fn every_route_is_for_whom_it_was_decided() {
    let line = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let mut decided: Vec<_> = DECIDED.trim().lines().map(line).collect();
    let table = routes::table();
    let mut actual: Vec<_> =
        table.iter().map(|r| vec![r.method.clone(), r.path.clone(), format!("{:?}", r.access)]).collect();
    decided.sort();
    actual.sort();
    assert_eq!(actual, decided);
}
