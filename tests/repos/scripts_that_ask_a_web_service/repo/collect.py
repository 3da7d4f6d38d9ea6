import requests

ANSWER = requests.get("https://www.harbourline.org/departures?harbour=Esbjerg")
print(ANSWER.json())
