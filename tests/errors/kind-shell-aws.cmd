import aws-sg kinds/firewall.sh
