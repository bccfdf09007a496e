diff gcloud=../read/gcloud/networks.json gcloud=../read/gcloud/networks.json
