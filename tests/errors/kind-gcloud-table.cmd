import gcloud kinds/gcloud.txt
