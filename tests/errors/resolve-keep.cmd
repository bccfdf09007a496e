resolve render.yaml --keep -3 --server 127.0.0.1:9
