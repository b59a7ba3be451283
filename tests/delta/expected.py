"""What the table must hold, worked out by DuckDB from the demo's file alone; see shared/core/examples/open_table.rs."""

PUSHED, LATER = 1_750_000_000_000_000, 1_760_000_000_000_000  # microseconds
NEW = "NEW \u201cÄÖ\u201d, 0.125 kg; null"
# The types of the table, with instants as whole microseconds.
COLUMNS = """order_id::VARCHAR AS order_id, customer_id::VARCHAR AS customer_id, epoch_us(order_date) AS order_date,
    epoch_us(received_at) AS received_at, product_name::VARCHAR AS product_name,
    quantity::DECIMAL(18, 3) AS quantity, amount::DECIMAL(38, 9) AS amount"""


def create_views(duck, file):
    duck.execute("SET TimeZone = 'UTC'").fetchall()
    duck.execute(f"""
        CREATE TABLE sold AS SELECT * FROM read_parquet('{file}', file_row_number = true);
        CREATE TABLE header AS SELECT InvoiceNo, arg_min(CustomerID, file_row_number)::VARCHAR AS customer_id,
            epoch_us(arg_min(InvoiceDate, file_row_number)) AS order_date FROM sold GROUP BY InvoiceNo;
        CREATE TABLE version_0 AS SELECT InvoiceNo AS order_id, any_value(customer_id) AS customer_id,
            any_value(order_date) AS order_date, {PUSHED}::BIGINT AS received_at, ProductName AS product_name,
            sum(Quantity)::DECIMAL(18, 3) AS quantity, sum(Quantity * UnitPrice)::DECIMAL(38, 9) AS amount
            FROM sold JOIN header USING (InvoiceNo) GROUP BY InvoiceNo, ProductName HAVING sum(Quantity) <> 0""").fetchall()
    # An order that was sent again under another customer keeps for each of them what their pushes said.
    duck.execute(f"""
        CREATE TABLE version_1 AS WITH lines AS (SELECT *,
            min(product_name) OVER same = product_name AS first, max(product_name) OVER same = product_name AS last,
            order_id LIKE '%7' AND first AS updated, order_id LIKE '%27' AS shared, updated AND shared AS moved
            FROM version_0 WINDOW same AS (PARTITION BY order_id))
        SELECT order_id, CASE WHEN moved THEN 'moved' ELSE customer_id END AS customer_id,
            CASE WHEN CASE WHEN shared THEN moved ELSE order_id SIMILAR TO '.*[37]' END THEN {LATER}
                ELSE order_date END AS order_date,
            CASE WHEN moved THEN {LATER} ELSE received_at END AS received_at, product_name,
            CASE WHEN updated THEN 7 ELSE quantity END::DECIMAL(18, 3) AS quantity,
            CASE WHEN updated THEN 8.75 ELSE amount END::DECIMAL(38, 9) AS amount
        FROM lines WHERE NOT (order_id LIKE '%3' AND last) AND order_id NOT LIKE '%99'
            AND (moved OR coalesce(customer_id NOT IN ('17850', '14911'), true))
        UNION ALL VALUES ('new-dated', NULL, {LATER + 1}, {LATER}, '{NEW}', 0.125, NULL),
            ('new-undated', 'new', NULL, {LATER}, '{NEW}', -1.5, -0.0000015)""").fetchall()


def differences(duck, version, theirs):
    """Rows that only one side has, `theirs` being a table expression of the table's own columns."""
    return duck.execute(f"""
        WITH theirs AS (SELECT {COLUMNS} FROM {theirs})
        (SELECT 'missing', * FROM (FROM version_{version} EXCEPT ALL FROM theirs))
        UNION ALL (SELECT 'invented', * FROM (FROM theirs EXCEPT ALL FROM version_{version}))""").fetchall()


def count(duck, version, condition="true"):
    return duck.execute(f"SELECT count(*) FROM version_{version} WHERE {condition}").fetchall()[0][0]
