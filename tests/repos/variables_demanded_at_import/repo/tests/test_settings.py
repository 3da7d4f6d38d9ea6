from service.settings import BROKER, WORKERS


def test_settings():
    assert (BROKER.partition(":")[0], WORKERS) == ("redis", 2)
