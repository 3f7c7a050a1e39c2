"""Reads shops' files with pandas and cleans them."""

import numpy as np
import pandas as pd


def read_order_lines(job, files):
    """Order lines (customer, text, time, quantity, amount), the distinct texts [t] that `text` counts in, and profiles by customer or None."""
    return {"items": _read_items, "titles": _read_titles}[job](files)


def read_titled_lines(file):
    """Order lines with a title of their own, without customerless and repeated lines."""
    text_columns = {"CustomerID": str, "Description": str}
    lines = pd.read_csv(file, dtype=text_columns, parse_dates=["InvoiceDate"])
    lines = lines.dropna(subset=["CustomerID"]).drop_duplicates()
    lines["Description"] = lines.Description.fillna("").str.split().str.join(" ")
    return lines[lines.Description != ""]


def read_sales(file):
    """Sales without repeated lines."""
    return pd.read_csv(file, parse_dates=["sale_date"], dtype={"customer_id": str}).drop_duplicates()


def _read_titles(files):
    lines = read_titled_lines(files[0])
    texts, text_of_line = np.unique(lines.Description.to_numpy(), return_inverse=True)
    table = pd.DataFrame(
        {
            "customer": lines.CustomerID,
            "text": text_of_line,
            "time": lines.InvoiceDate,
            "quantity": lines.Quantity,
            "amount": lines.Quantity * lines.UnitPrice,
        }
    )
    return table, texts, None


def _read_items(files):
    by_columns = {}
    for file in files:
        columns = set(pd.read_csv(file, nrows=0).columns)
        name = "sales" if "sale_date" in columns else "products" if "product_name" in columns else "customers"
        by_columns[name] = file
    sales = read_sales(by_columns["sales"])
    products = pd.read_csv(by_columns["products"])
    people = pd.read_csv(by_columns["customers"], dtype={"customer_id": str}).set_index("customer_id")
    texts = (products.product_name + " " + products.product_subcategory).to_numpy()
    row_of_product = pd.Series(np.arange(len(products)), products.product_id)
    table = pd.DataFrame(
        {
            "customer": sales.customer_id,
            "text": row_of_product[sales.product_id].to_numpy(),
            "time": sales.sale_date,
            "quantity": sales.unit_sales,
            "amount": sales.store_sales,
        }
    )
    profiles = pd.DataFrame(
        {
            "children": people.total_children,
            "is_male": people.gender == "M",
            "is_married": people.marital_status == "M",
            "income": people.yearly_income.str.extract(r"(\d+)")[0].astype(float),
            "birth_year": pd.to_datetime(people.birthdate).dt.year,
        }
    )
    return table, texts, profiles
