# The rules of a target as files, by Terraform's data source "external". Rules of clouds need no such way: the format
# terraform of aws-sg, azure-nsg and gcloud writes resources.
#
#   FLOWRULES_LIBRARY=... PYTHONPATH=... terraform plan
terraform {
  required_providers {
    external = { source = "hashicorp/external" }
    local    = { source = "hashicorp/local" }
  }
}

data "external" "web" {
  program = ["python3", "${path.module}/flowrules_data.py"]
  query = {
    policy = "${path.module}/../first.yaml"
    target = "web-nft"
  }
}

resource "local_file" "web" {
  for_each = jsondecode(data.external.web.result.files)
  filename = "${path.module}/rules/${each.key}"
  content  = each.value
}
