// One run of autocannon as its first argument says, in JSON; prints what came of it, in JSON. Pushes go round over so
// many orders: after the first round they update, and the dataset stays as large as it is.
const plan = JSON.parse(process.argv[2]);
const autocannon = require(require("node:path").resolve(plan.autocannon));

const ORDERS = 2_000;
let sent = 0;
const product = (n) => `product ${(n * 7919) % 500}`;
function push(lines) {
  const orders = sent++ % ORDERS;
  const id = `${plan.name}-${orders}`;
  const items = Array.from({ length: lines }, (_, at) => ({
    product_name: product(orders * 3 + at * at), quantity: 1 + (at % 3), unit_price: 1 + (at % 20),
  }));
  const day = String(1 + (orders % 28)).padStart(2, "0");
  return JSON.stringify({ dataset_id: "load", orders: [
    { order_id: id, customer_id: `c-${orders % 997}`, order_date: `2025-03-${day}`, line_items: items },
  ] });
}

const kinds = {
  push: { method: "POST", path: "/data/orders", body: () => push(10) },
  report: { method: "POST", path: "/reports", body: () => JSON.stringify({ template: "standard_rfm", dataset_id: "load" }) },
  dataset: { method: "GET", path: "/datasets/load" },
  result: { method: "GET", path: `/reports/${plan.report_id}` },
};
const base = new URL(plan.base_url);
const requests = plan.mix.map((name) => {
  const kind = kinds[name];
  return {
    method: kind.method,
    path: base.pathname + kind.path,
    setupRequest: (request) => (kind.body ? { ...request, body: kind.body() } : request),
  };
});

autocannon({
  url: base.origin,
  connections: plan.connections,
  duration: plan.seconds,
  overallRate: plan.rate,
  timeout: 30,
  headers: { authorization: `Bearer ${plan.key}`, "content-type": "application/json" },
  requests,
}).then((result) => {
  const { p50, p99, max } = result.latency;
  const codes = Object.fromEntries(Object.entries(result.statusCodeStats ?? {}).map(([code, { count }]) => [code, count]));
  console.log(JSON.stringify({
    p50, p99, max, codes, per_second: result.requests.average, errors: result.errors, timeouts: result.timeouts,
  }));
});
