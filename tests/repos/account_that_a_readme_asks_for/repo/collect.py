import urllib.request

name, app = open("account.txt").read().split()
asked = urllib.request.Request("https://www.reddit.com/new.json", headers={"User-Agent": f"{app} by {name}"})
print(urllib.request.urlopen(asked).read()[:100])
