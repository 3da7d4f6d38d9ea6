wget https://example.org/models/all.zip
