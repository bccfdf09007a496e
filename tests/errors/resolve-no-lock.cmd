resolve render.yaml --lock none --server 127.0.0.1:9
