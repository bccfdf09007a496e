resolve render.yaml --deadline 100000 --server 127.0.0.1:9
