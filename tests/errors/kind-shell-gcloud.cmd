import gcloud kinds/firewall.sh
