import psycopg2

connection = psycopg2.connect("dbname=tides")


def keep(levels):
    connection.cursor().execute("insert into levels values (%s)", levels)
