from celery import Celery
from flask import Flask

app = Flask(__name__)
app.config["CELERY_BROKER_URL"] = "redis://localhost:6379/0"
celery = Celery(app.name, broker=app.config["CELERY_BROKER_URL"])

if __name__ == "__main__":
    app.run()
