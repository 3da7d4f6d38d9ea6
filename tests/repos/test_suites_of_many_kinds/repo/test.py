import model

model.evaluate()
