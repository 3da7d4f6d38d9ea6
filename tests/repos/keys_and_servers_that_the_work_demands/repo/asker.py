import openai
import redis


def ask(what):
    store = redis.Redis("localhost")
    return store.get(what) or openai.Completion.create(prompt=what)
