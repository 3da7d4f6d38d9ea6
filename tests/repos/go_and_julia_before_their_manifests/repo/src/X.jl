module X end
