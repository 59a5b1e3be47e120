"""What people say and write in the demo company's world."""

from api.demo.work import Talk

FIRST_WORDS: tuple[Talk, ...] = (
    ("call", "outbound", "Introduced ourselves and asked how large the houses are"),
    ("email", "outbound", "Thanked for the interest and proposed two dates for a call"),
    ("call", "outbound", "They lost seedlings to frost last spring and want it solved"),
    ("email", "outbound", "Sent the brochure and asked who decides"),
    ("chat", "outbound", "Answered the first questions in the chat"),
)
MORE_WORDS: tuple[Talk, ...] = (
    ("call", "outbound", "Asked what they would use it for"),
    ("email", "outbound", "Sent what it costs together with what they have"),
    ("meeting", "outbound", "Went through their wishes for the next season"),
)
TALKS: tuple[Talk, ...] = (
    ("call", "outbound", "Went through the measurements of the second house"),
    ("call", "inbound", "They compare us with what they have now; energy costs matter most"),
    ("email", "outbound", "Sent the data sheet and two references nearby"),
    ("email", "inbound", "Asked whether the alarms also reach them at night"),
    ("meeting", "outbound", "Walked through the houses together and took photographs"),
    ("meeting", "outbound", "Showed the planner to the owner and the head gardener"),
    ("call", "inbound", "Head gardener is convinced, the owner wants to see numbers"),
    ("email", "outbound", "Sent the calculation of savings over five years"),
)
CARE: tuple[Talk, ...] = (
    ("call", "outbound", "Quarterly check: the planner is used every day"),
    ("meeting", "outbound", "Looked at the harvest figures together"),
    ("email", "outbound", "Sent what is new in this version"),
    ("call", "inbound", "Asked how to invite the seasonal workers"),
    ("note", "outbound", "They plan a third house for next year"),
    ("social", "inbound", "Praised the frost alerts in public"),
)
WORRIES: tuple[Talk, ...] = (
    ("call", "inbound", "Not content: they expected more for the price"),
    ("email", "inbound", "Asked how to get their data out"),
    ("call", "outbound", "The one who had chosen us has left the company"),
    ("meeting", "outbound", "They showed us what the other supplier offers"),
)
CALLS_ON_TICKETS: tuple[Talk, ...] = (
    ("call", "outbound", "Looked at it together on the telephone"),
    ("call", "inbound", "Called to ask how far we are"),
)
LOSSES = {
    "too expensive": 26,
    "postponed to next season": 22,
    "chose another supplier": 24,
    "no budget after all": 14,
    "no longer answers": 14,
}
UNFIT = ("outside our region", "student project", "wanted a private balcony kit", "no glass house, and none planned")
LEAVING = {
    "too expensive": 28,
    "a feature is missing": 20,
    "not content with the service": 16,
    "the other supplier": 20,
    "the houses are sold": 16,
}
"""Why subscriptions are cancelled, and how many of a hundred times."""
SUBJECTS: dict[str, tuple[str, ...]] = {
    "bug": ("The chart of yesterday is empty", "Frost alert came twice", "The app closes when I open the planner"),
    "how-to": (
        "How do I invite a colleague?",
        "Where do I see last year's harvest?",
        "How to plan two crops in one bed",
    ),
    "billing": ("The invoice has our old address", "Charged twice this month", "Please send the invoice again"),
    "sensor": ("Sensor 4 shows no humidity", "Battery empty after a week", "The gateway has lost its connection"),
    "account": ("I cannot log in", "Please delete the account of our trainee"),
    "feature-request": ("Could the alert also ring the phone?", "Export as a spreadsheet, please"),
}
BODIES = (
    "Hello, since this morning it does not work as it should. Could you have a look?",
    "Good morning, we need this before the weekend, the tomatoes will not wait.",
    "Hi, I have tried it twice now and get the same result. What am I doing wrong?",
    "Dear team, please see the picture. Thank you for your help!",
)
ANSWERS = (
    "Thank you for writing. I have looked at it and see what you mean.",
    "Could you please tell us which version you use, and since when you see this?",
    "We have found the cause and will let you know as soon as it is put right.",
    "Please try once more; it should work now.",
)
MORE = ("Version 4.2, since Monday.", "Here is the picture.", "It still does not work.", "Any news?")
NOTES = ("Seen this with two others this week", "Asked the developers", "Known: the gateway's clock is wrong")
RESOLUTIONS = {
    "bug": ("Put right in the new version", "Put right at once", "Caused by an old browser"),
    "how-to": ("Explained how it is done", "Sent the page of the handbook"),
    "billing": ("Invoice corrected", "Sent the invoice again"),
    "sensor": ("Replaced the sensor", "Connected the gateway anew"),
    "account": ("Account opened again", "Account deleted"),
    "feature-request": ("Written down for the next version",),
}
PRAISE = ("Quick and friendly", "Solved at once, thank you", "Very patient with us")
BLAME = ("Took far too long", "Nobody seems to read what I write", "Had to explain it three times")
