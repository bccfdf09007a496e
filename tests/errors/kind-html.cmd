import kubernetes kinds/page.html
