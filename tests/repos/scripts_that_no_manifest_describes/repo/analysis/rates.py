import argparse

from dateutil.relativedelta import relativedelta
from helpers.tables import table

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--year", type=int, required=True)
    year = parser.parse_args().year
    print(table([[year, relativedelta(years=1).years]]))
