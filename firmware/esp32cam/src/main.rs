//! The camera on its board: everything that happens goes into the core, and what the core wants is carried out here. No decisions.

mod board;
mod camera;
mod gpio;
mod net;
mod pins;
mod psram;
mod store;
mod update;

use std::convert::Infallible;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use anyhow::Result;
use camera_core::boots::{Boots, Reset};
use camera_core::machine::{Board, Boot};
use camera_core::settings::Place;
use camera_core::Machine;
use esp_idf_svc::eventloop::EspSystemEventLoop;
use esp_idf_svc::hal::delay::TickType;
use esp_idf_svc::hal::gpio::AnyIOPin;
use esp_idf_svc::hal::peripherals::Peripherals;
use esp_idf_svc::hal::reset::{self, ResetReason};
use esp_idf_svc::hal::task::thread::ThreadSpawnConfiguration;
use esp_idf_svc::hal::task::watchdog::{TWDTConfig, TWDTDriver};
use esp_idf_svc::hal::uart::{UartConfig, UartDriver};
use esp_idf_svc::hal::units::Hertz;
use esp_idf_svc::log::EspLogger;
use esp_idf_svc::nvs::EspDefaultNvsPartition;
use esp_idf_svc::sys;
use esp_idf_svc::wifi::{BlockingWifi, ClientConfiguration, Configuration, EspWifi, WifiDeviceId};

use pins::PINS;

/// Memory for pictures that wait, in bytes: of 4 MB of PSRAM the driver and the radio take their part.
const FRAME_BYTES_MAX: u32 = 2_500_000;
/// A main loop that stands still for this long is ended by the hardware.
const WATCHDOG: Duration = Duration::from_secs(60);
/// How long a start that failed can be read on the line.
const FAILED: Duration = Duration::from_secs(10);
/// How long the line is listened to before everything else is looked at.
const TURN_MS: u64 = 20;
/// News and jobs that may wait. The radio waits when the main loop does.
const NEWS_MAX: usize = 8;
const JOBS_MAX: usize = 8;
/// TLS needs most of it.
const NET_STACK: usize = 12 * 1024;

/// What the boot loader and the check of an update read from the image.
mod app_desc {
    #![expect(unexpected_cfgs, reason = "the macro's own")]
    esp_idf_svc::sys::esp_app_desc!();
}

/// A start that fails is one more try later; and of a new firmware the last, since the boot loader then starts the one from before.
fn main() {
    sys::link_patches();
    EspLogger::initialize_default();
    let Err(error) = run();
    log::error!("cannot start: {error:#}");
    std::thread::sleep(FAILED);
    reset::restart();
}

fn run() -> Result<Infallible> {
    // It floats at a start and lights the lamp: dark first.
    gpio::output(PINS.lamp, false)?;
    let peripherals = Peripherals::take()?;
    let watched = TWDTConfig { duration: WATCHDOG, panic_on_trigger: true, ..Default::default() };
    let mut watchdog = TWDTDriver::new(peripherals.twdt, &watched)?;
    let mut progress = watchdog.watch_current_task()?;
    let (tx, rx, none) = (peripherals.pins.gpio1, peripherals.pins.gpio3, None::<AnyIOPin>);
    let speed = UartConfig::new().baudrate(Hertz(115_200));
    let uart = UartDriver::new(peripherals.uart0, tx, rx, none, None::<AnyIOPin>, &speed)?;

    let partition = EspDefaultNvsPartition::take()?;
    let store = store::Store::open(partition.clone())?;
    let reset = cause(ResetReason::get());
    let mut boots = Boots::read(&store.boots()?);
    boots.begin(reset);
    store.write_boots(&boots.record())?;

    // Radio before camera: its calibration draws the highest current of the whole start.
    let events = EspSystemEventLoop::take()?;
    let mut wifi = BlockingWifi::wrap(EspWifi::new(peripherals.modem, events.clone(), Some(partition))?, events)?;
    // Our own store is the only one; else the driver keeps a second copy of the password.
    // SAFETY: a plain call after the driver was started.
    sys::esp!(unsafe { sys::esp_wifi_set_storage(sys::wifi_storage_t_WIFI_STORAGE_RAM) })?;
    wifi.set_configuration(&Configuration::Client(ClientConfiguration::default()))?;
    wifi.start()?;
    let device = wifi.wifi().get_mac(WifiDeviceId::Sta)?;

    let records = [store.record(Place::A)?, store.record(Place::B)?];
    // SAFETY: a plain getter; with the radio on it is true randomness.
    let number = unsafe { u64::from(sys::esp_random()) << 32 | u64::from(sys::esp_random()) };
    let boot = Boot {
        reset,
        number,
        records: [&records[0], &records[1]],
        boots,
        is_trial: update::is_trial(),
    };
    let board = Board {
        frame_bytes_max: FRAME_BYTES_MAX,
        firmware_room: update::room(),
        ..Board::new(env!("CARGO_PKG_VERSION"), PINS.board, device)
    };
    let machine = Machine::new(board, &boot);

    let (news_to, news) = sync_channel(NEWS_MAX);
    let (jobs, jobs_from) = sync_channel(JOBS_MAX);
    ThreadSpawnConfiguration { name: Some(c"net"), stack_size: NET_STACK, ..Default::default() }.set()?;
    let mut net = net::Net { wifi, news: news_to, authority: &[] };
    let work = move || jobs_from.into_iter().for_each(|job: net::Job| job(&mut net));
    std::thread::Builder::new().stack_size(NET_STACK).spawn(work)?;

    let mut board = board::CameraBoard::new(machine, store, jobs, news);
    let mut bytes = [0; 256];
    loop {
        progress.feed()?;
        let count = uart.read(&mut bytes, TickType::new_millis(TURN_MS).ticks()).unwrap_or(0);
        board.turn(&bytes[..count], &uart);
    }
}

fn cause(reason: ResetReason) -> Reset {
    match reason {
        ResetReason::PowerOn | ResetReason::ExternalPin => Reset::PowerOn,
        ResetReason::Software => Reset::Software,
        ResetReason::Brownout => Reset::Brownout,
        ResetReason::TaskWatchdog | ResetReason::InterruptWatchdog | ResetReason::Watchdog => Reset::Watchdog,
        ResetReason::Panic => Reset::Crash,
        _ => Reset::Other,
    }
}
