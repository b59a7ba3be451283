-- What the demo's RFM report states, from the orders alone, by definition rfm/1 in SQL. Reads the view `sold` (the lines
-- of demo/online_retail.parquet) and the macros' dates; knows nothing of the report.

-- An order belongs to the customer and the date of its first line; its net is the sum of all its lines.
CREATE TABLE orders AS
SELECT InvoiceNo AS order_id, arg_min(CustomerID, file_row_number) AS customer,
       arg_min(InvoiceDate, file_row_number)::DATE AS day, sum(Quantity * UnitPrice)::DECIMAL(38, 4) AS net
FROM sold GROUP BY InvoiceNo;

CREATE TABLE anchor AS SELECT max(day) AS now, max(day) - 90 AS earlier FROM orders;

-- Recency, frequency and spend on a day, the scores by rank, and the segment by the table of rfm/1.
CREATE MACRO scored(as_of) AS TABLE
WITH customers AS (
    SELECT customer, date_diff('day', max(day) FILTER (net > 0), as_of) AS recency,
           count(*) FILTER (net > 0) AS frequency, sum(net) AS spend
    FROM orders WHERE customer IS NOT NULL AND day <= as_of GROUP BY customer HAVING count(*) FILTER (net > 0) > 0),
scores AS (
    SELECT *, 5 - (5 * (rank() OVER (ORDER BY recency) - 1)) // count(*) OVER () AS r,
           1 + (5 * (rank() OVER (ORDER BY frequency) - 1)) // count(*) OVER () AS f,
           1 + (5 * (rank() OVER (ORDER BY spend) - 1)) // count(*) OVER () AS m
    FROM customers)
SELECT *, CASE
    WHEN r = 5 THEN ['New customers', 'Potential loyalists', 'Potential loyalists', 'Champions', 'Champions'][(f + m) // 2]
    WHEN r = 4 THEN ['Promising', 'Potential loyalists', 'Potential loyalists', 'Loyal customers', 'Loyal customers'][(f + m) // 2]
    WHEN r = 3 THEN ['About to sleep', 'About to sleep', 'Need attention', 'Loyal customers', 'Loyal customers'][(f + m) // 2]
    ELSE ['Hibernating', 'Hibernating', 'At risk', 'At risk', 'Can''t lose them'][(f + m) // 2] END AS segment
FROM scores;

CREATE TABLE customers AS FROM scored((SELECT now FROM anchor));
CREATE TABLE customers_then AS FROM scored((SELECT earlier FROM anchor));

-- Days between consecutive days with a purchase.
CREATE TABLE gaps AS
SELECT customer, date_diff('day', lag(day) OVER (PARTITION BY customer ORDER BY day), day) AS gap
FROM (SELECT DISTINCT customer, day FROM orders WHERE net > 0 AND customer IS NOT NULL);

-- The limit of each customer: twice the own median gap, at least 30 days; with fewer than three days of purchase the
-- shop's 90th percentile.
CREATE TABLE limits AS
SELECT customer, CASE WHEN count(gap) >= 2 THEN greatest(30, 2 * median(gap))
    ELSE (SELECT quantile_cont(gap, 0.9) FROM gaps) END AS days
FROM gaps GROUP BY customer;

-- name: biggest_segment
SELECT segment AS label, count(*) AS customers, count(*) / (SELECT count(*) FROM customers) AS share, sum(spend) AS revenue,
       sum(spend) / (SELECT sum(spend) FROM customers) AS revenue_share, sum(spend) / count(*) AS "monetary/mean",
       (SELECT sum(spend) FROM customers) AS "/summary/revenue"
FROM customers GROUP BY segment ORDER BY revenue DESC LIMIT 1;

-- name: concentration
WITH ranked AS (SELECT greatest(spend, 0) AS kept, spend, row_number() OVER (ORDER BY spend) AS place,
                       count(*) OVER () AS n FROM customers)
SELECT 0.2 AS share_of_customers, count(*) FILTER (place > n - ceil(n * 0.2)) AS customers,
       sum(spend) FILTER (place > n - ceil(n * 0.2)) AS revenue,
       sum(spend) FILTER (place > n - ceil(n * 0.2)) / sum(spend) AS revenue_share,
       2 * sum(place * kept) / (any_value(n) * sum(kept)) - (any_value(n) + 1) / any_value(n) AS "/concentration/gini"
FROM ranked;

-- name: guest_orders
SELECT count(*) FILTER (customer IS NULL) AS "/data/exclusions/guest_orders", count(*) AS "/data/orders",
       sum(net) FILTER (customer IS NULL) AS "/data/exclusions/guest_revenue",
       count(*) FILTER (customer IS NULL) / count(*) AS "/summary/guest_order_share"
FROM orders;

-- name: revenue_at_risk
SELECT count(*) AS customers, sum(spend) AS revenue, sum(spend) / (SELECT sum(spend) FROM customers) AS revenue_share,
       median(recency) AS median_recency_days
FROM customers WHERE segment IN ('At risk', 'Can''t lose them');

-- name: lapsed_customers
SELECT count(*) FILTER (recency > days) AS customers, count(*) FILTER (recency > days) / count(*) AS share,
       sum(spend) FILTER (recency > days) AS revenue, median(days) AS "/churn/median_limit_days"
FROM customers JOIN limits USING (customer);

-- name: one_time_buyers
SELECT count(*) AS "/summary/customers_scored", count(*) FILTER (frequency = 1) AS "/summary/one_time_customers",
       count(*) FILTER (frequency = 1) / count(*) AS "/summary/one_time_share",
       sum(spend) FILTER (frequency = 1) AS "/summary/one_time_revenue",
       count(*) FILTER (frequency >= 3) / count(*) FILTER (frequency >= 2) AS "/repeat_funnel/1/p_next_order"
FROM customers;

-- name: biggest_move
WITH moves AS (
    SELECT earlier.segment AS source, later.segment AS target, count(*) AS customers, sum(later.spend) AS revenue
    FROM customers AS later JOIN customers_then AS earlier USING (customer) GROUP BY ALL),
lost AS (SELECT ['At risk', 'Can''t lose them', 'Hibernating', 'About to sleep'] AS segments)
SELECT source, target, customers, revenue, (SELECT date_diff('day', earlier, now) FROM anchor) AS "/migration/days"
FROM moves, lost WHERE list_contains(segments, target) AND NOT list_contains(segments, source)
ORDER BY revenue DESC LIMIT 1;

-- name: repurchase_rhythm
SELECT count(gap) AS "/repurchase_intervals/intervals", median(gap) AS "/repurchase_intervals/median_days",
       quantile_cont(gap, 0.9) AS "/repurchase_intervals/p90_days"
FROM gaps;

-- What the model foretold is its own; how many there are to foretell of, and what came, is not.
-- name: expected_spend
SELECT 90 AS "/lifetime_value/horizon_days/0", 90 AS "/lifetime_value/backtest/days",
       (SELECT count(*) FROM customers) AS "/summary/customers_scored",
       (SELECT count(DISTINCT (customer, day)) FROM orders JOIN customers_then USING (customer)
        WHERE net > 0 AND day > (SELECT earlier FROM anchor)) AS "/lifetime_value/backtest/actual_orders";
