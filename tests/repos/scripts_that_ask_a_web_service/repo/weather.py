import requests

print(requests.get("https://api.gusts.org/v1/here").json())
