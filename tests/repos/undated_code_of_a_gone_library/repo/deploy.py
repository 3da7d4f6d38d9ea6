from fabric.api import env, run
from django.conf.urls.defaults import patterns

env.hosts = ["example.org"]
urls = patterns("")


def restart():
    run("service web restart")
