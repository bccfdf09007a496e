check kinds/manifest.yml
