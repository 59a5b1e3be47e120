"""The console: pages for people, made on the server from plain forms and links, without a script."""
