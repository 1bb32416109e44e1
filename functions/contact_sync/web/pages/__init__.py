"""The pages: HTML made on the server from what the API's own operations answer.

Every page has an address and works without JavaScript: links and forms do everything. htmx makes the same forms answer
in place. A form that changes something ends with a redirect, so that reloading repeats nothing.
"""
