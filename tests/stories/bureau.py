"""The people of the bureau, and the steps that every request takes."""
import datetime
import urllib.parse

from story import demand, now, say, to_rfc3339

GROUNDS = ("statutory_secret", "investigation", "fair_trial", "life_safety", "third_party")


class Bureau:
    def __init__(self, site):
        self.site = site
        say("People:")
        self.handler = site.person("王秘書", ["secretariat"], "秘書室")
        self.office_head = site.person("林主任", ["secretariat", "unit_head"], "秘書室")
        self.escort = site.person("張陪同", ["secretariat"], "秘書室")
        self.ethics = site.person("政風承辦", ["ethics"], "政風室")
        self.director = site.person("局長", ["director"], "局本部")

    def record_minute(self):
        """A whole minute from now on, once it lies on the disk."""
        begin = now().replace(second=0, microsecond=0)
        end = begin + datetime.timedelta(minutes=1)
        say(f"A minute is recorded, {to_rfc3339(begin)} to {to_rfc3339(end)}.")
        self.site.wait_past(end)
        return begin, end

    def hand_in(self, case, name, kind):
        """A signed paper, scanned."""
        return self.handler.ask("PUT", f"{case}/attachments/{urllib.parse.quote(name)}?kind={kind}", b"%PDF-1.7 " + name.encode(),
                                expect=201, headers={"Content-Type": "application/pdf"})

    def answer_grounds(self, case, yes=()):
        """`yes`: ground → (evidence, places)."""
        answers = []
        for ground in GROUNDS:
            if ground in dict(yes):
                evidence, places = dict(yes)[ground]
                answers.append({"ground": ground, "answer": "yes", "evidence": evidence, **({"places": places} if places else {})})
            else:
                answers.append({"ground": ground, "answer": "no"})
        self.handler.ask("PUT", f"{case}/screening", {"grounds": answers})

    def sign_chain_b(self, case, with_ethics=True):
        for person in (self.handler, self.office_head, *([self.ethics] if with_ethics else [])):
            person.post(f"{case}/sign", {})

    def schedule(self, case, viewer):
        """An appointment from now on; the viewer's code, for one without an account."""
        made = self.handler.post(f"{case}/schedule", {
            "from": to_rfc3339(now()), "to": to_rfc3339(now() + datetime.timedelta(hours=1)), "escort": "張陪同", "viewer": viewer})
        return made.json.get("viewer_code")

    def register_of(self, dossier):
        return [line["kind"] for line in self.handler.get(f"/v1/dossiers/{dossier.replace('/', '-')}", quiet=True).json["register"]]

    def expect_register(self, dossier, kinds):
        found = self.register_of(dossier)
        say("  register: " + ", ".join(found))
        demand(found == list(kinds), f"the register should say {', '.join(kinds)}")
