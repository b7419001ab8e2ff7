export default function Today() {
  return <section className="card today" />;
}
