resolve render.yaml --server dns.example
