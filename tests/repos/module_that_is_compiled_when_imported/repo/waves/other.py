import waves.gone
