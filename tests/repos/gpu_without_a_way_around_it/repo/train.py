from model import build

net = build().cuda()
for step in range(3):
    print(net)
