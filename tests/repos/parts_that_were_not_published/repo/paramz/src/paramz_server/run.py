from paramz.server.fast import Server

Server().run()
