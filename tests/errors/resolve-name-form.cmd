resolve render.yaml 'a b' --server 127.0.0.1:9
