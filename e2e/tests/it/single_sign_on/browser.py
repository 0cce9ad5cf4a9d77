"""A person at a browser, as a plain HTTP client: opens the address in argv[1], signs in as argv[2] with any password,
agrees to everything, enters the code argv[3] where one is asked for, and prints the last page."""

import html.parser
import http.cookiejar
import sys
import urllib.error
import urllib.parse
import urllib.request


class Form(html.parser.HTMLParser):
    """The first form of a page."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.over = None, {}, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = of["action"]
        elif tag == "input" and self.action and not self.over and "name" in of:
            self.fields[of["name"]] = of.get("value", "")

    def handle_endtag(self, tag):
        self.over = self.over or tag == "form"


def main(address, login, code=""):
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
    typed = {"login": login, "password": "any", "user_code": code}
    body = None
    for _ in range(12):
        try:
            answer = opener.open(address, body, timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        page = answer.read().decode()
        form = Form(page)
        if form.action is None:
            print(answer.status, page)
            return
        fields = {name: typed.get(name) or value for name, value in form.fields.items()}
        address = urllib.parse.urljoin(answer.url, form.action)
        body = urllib.parse.urlencode(fields).encode()
    sys.exit("the pages do not end")


main(*sys.argv[1:])
