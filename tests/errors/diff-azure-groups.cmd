diff azure-nsg=../read/azure-nsg/several.json azure-nsg=../read/azure-nsg/several.json
