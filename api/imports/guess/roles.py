"""What a column is for, by its name: in English, German and Portuguese, and in the exports of the usual programs."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

NAMES: Mapping[str, Sequence[str]] = {
    "external_id": (
        *("id", "recordid", "opportunityid", "dealid", "leadid", "contactid", "accountid", "customerid", "companyid"),
        *("ticketid", "number", "no", "nr", "nummer", "kundennummer", "kundennr", "kdnr", "vorgangsnummer", "numero"),
        *(
            "codigo",
            "externalid",
            "uid",
            "messageid",
            "key",
            "uuid",
            "guid",
            "mqlid",
            "sellerid",
            "orderid",
            "responseid",
        ),
    ),
    "title": (
        *("title", "dealname", "opportunityname", "leadname", "subject", "topic", "betreff", "titel", "bezeichnung"),
        *("titulo", "assunto", "oportunidade", "name", "nome"),
    ),
    "organisation": (
        *("account", "accountname", "company", "companyname", "associatedcompany", "organisation", "organization"),
        *("organizationname", "organization1name", "firma", "firmenname", "unternehmen", "kunde", "empresa", "cliente"),
        *("customer", "customername", "client", "conta", "employer", "companynameaccounts"),
    ),
    "organisation_id": ("accountid", "companyid", "associatedcompanyid", "customerid", "kundenid", "clienteid"),
    "name": (
        "name",
        "fullname",
        "displayname",
        "contactname",
        "vollername",
        "nome",
        "nomecompleto",
        "requester",
        "requestername",
    ),
    "given_name": ("firstname", "givenname", "vorname", "primeironome", "prenome"),
    "family_name": ("lastname", "familyname", "surname", "nachname", "familienname", "sobrenome", "ultimonome"),
    "owner": (
        *("owner", "ownername", "dealowner", "leadowner", "accountowner", "contactowner", "companyowner", "salesagent"),
        *("salesrep", "assignedto", "assignee", "agent", "opportunityowner", "besitzer", "verantwortlich"),
        *("zustandig", "bearbeiter", "betreuer", "vendedor", "responsavel", "proprietario", "ownerid"),
    ),
    "status": ("status", "leadstatus", "dealstatus", "state", "outcome", "result", "ergebnis", "situacao", "estado"),
    "stage": ("stage", "stagename", "dealstage", "pipelinestage", "phase", "stufe", "vertriebsphase", "etapa", "fase"),
    "is_won": ("iswon", "won", "isclosedwon", "gewonnen", "ganho"),
    "source": (
        *("source", "leadsource", "origin", "originalsource", "channel", "quelle", "herkunft", "kanal", "origem"),
        *("fonte", "canal", "howdidyouhear", "accountsource"),
    ),
    "product": ("product", "productname", "produkt", "produto", "item", "artikel"),
    "captured_at": (
        *("createddate", "createdate", "createdat", "createdon", "created", "datecreated", "engagedate"),
        *("firstcontact", "firstcontactdate", "opened", "opendate", "openedat", "registeredat", "signupdate", "since"),
        *(
            "erstelltam",
            "angelegtam",
            "eingang",
            "datadecriacao",
            "criadoem",
            "datadeabertura",
            "date",
            "datum",
            "data",
        ),
    ),
    "closed_at": (
        *("closedate", "closeddate", "closedat", "closedon", "closed", "wondate", "dateclosed"),
        *(
            "actualclosedate",
            "decidedon",
            "abschlussdatum",
            "geschlossenam",
            "abgeschlossenam",
            "datadefechamento",
            "fechadoem",
        ),
    ),
    "value": (
        *("amount", "value", "dealvalue", "dealamount", "closevalue", "revenue", "worth", "price", "total", "sum"),
        *("betrag", "wert", "summe", "umsatz", "auftragswert", "valor", "montante", "amountincompanycurrency"),
    ),
    "currency": ("currency", "currencycode", "currencyisocode", "dealcurrency", "wahrung", "waehrung", "moeda"),
    "lost_reason": (
        *("lostreason", "lossreason", "closedlostreason", "reasonlost", "reason", "verlustgrund", "absagegrund"),
        *("motivodaperda", "motivo", "dealclosedlostreason"),
    ),
    "email": (
        *("email", "emailaddress", "mail", "email1value", "primaryemail", "workemail", "email1address", "emailadresse"),
        *("emailprivat", "enderecodeemail", "correio"),
    ),
    "more_email": ("email2", "email3", "email2address", "email3address", "email2value", "email3value"),
    "phone": (
        *("phone", "phonenumber", "telephone", "tel", "businessphone", "mobile", "mobilephone", "mobilephonenumber"),
        *("cell", "homephone", "phone1value", "phone2value", "phone2", "phone3", "otherphone", "businessphone2"),
        *("homephone2", "primaryphone", "telefon", "telefonnummer", "handy", "mobil", "telefone", "celular"),
    ),
    "website": (
        "website",
        "web",
        "url",
        "homepage",
        "domain",
        "companydomainname",
        "website1value",
        "webseite",
        "site",
    ),
    "postal": (
        *("address", "fulladdress", "mailingaddress", "businessaddress", "homeaddress", "address1formatted", "adresse"),
        *("anschrift", "endereco"),
    ),
    "street": (
        *("street", "streetaddress", "billingstreet", "mailingstreet", "address1street", "strasse", "straße", "rua"),
        *("businessstreet", "homestreet", "logradouro"),
    ),
    "city": (
        "city",
        "billingcity",
        "mailingcity",
        "address1city",
        "businesscity",
        "homecity",
        "ort",
        "stadt",
        "cidade",
    ),
    "postal_code": (
        *("zip", "zipcode", "postalcode", "postcode", "billingpostalcode", "mailingpostalcode"),
        *("address1postalcode", "businesspostalcode", "plz", "postleitzahl", "cep"),
    ),
    "country": ("country", "countryregion", "billingcountry", "mailingcountry", "address1country", "land", "pais"),
    "industry": ("industry", "sector", "branche", "setor", "segmento", "businesssegment"),
    "segment": ("segment", "customersegment", "kundensegment", "rating", "customertype"),
    "size": ("numberofemployees", "employees", "companysize", "mitarbeiter", "funcionarios", "size"),
    "tags": ("tags", "labels", "groupmembership", "categories", "kategorien", "categorias", "etiquetas"),
    "total": ("total", "ordertotal", "invoicetotal", "grandtotal", "totalprice", "amountpaid", "gesamtbetrag"),
    "purchased_at": (
        *("orderdate", "purchasedate", "purchasedat", "invoicedate", "paidat", "bestelldatum", "rechnungsdatum"),
        *("kaufdatum", "datadacompra", "datadopedido"),
    ),
    "quantity": ("quantity", "qty", "units", "menge", "anzahl", "quantidade"),
    "plan": ("plan", "planname", "subscriptionplan", "contract", "tarif", "plano"),
    "mrr": ("mrr", "monthlycharges", "monthlyamount", "monthlyprice", "monatspreis", "mensalidade"),
    "arr": ("arr", "annualamount", "annualvalue", "yearlyprice", "jahrespreis", "anuidade"),
    "started_at": (
        *("startdate", "started", "startedat", "startsat", "subscriptionstart", "vertragsbeginn", "datadeinicio"),
    ),
    "ended_at": (
        *("enddate", "ended", "endedat", "cancelledat", "canceledat", "cancellationdate", "churndate", "vertragsende"),
        *("gekundigtam", "datadecancelamento"),
    ),
    "paused_at": ("pausedat", "pausedate", "pausestart", "pausedon", "paused", "pausiertam", "pausadoem"),
    "resumed_at": ("resumedat", "resumedate", "pauseend", "resumedon", "resumed", "fortgesetztam", "retomadoem"),
    "churned": ("churn", "churned", "cancelled", "canceled", "gekundigt"),
    "ticket_id": (
        *("ticketid", "caseid", "casenumber", "ticketnumber", "ticketno", "incidentid", "requestid", "ticketnummer"),
    ),
    "priority": ("priority", "seriousness", "severity", "urgency", "prioritat", "dringlichkeit", "prioridade"),
    "category": ("category", "kategorie", "categoria", "tickettype"),
    "channel": ("channel", "via", "kanal", "canal", "ticketsource"),
    "solved_at": ("solvedat", "resolvedat", "resolutiondate", "solved", "gelostam", "resolvidoem"),
    "activity": ("activity", "event", "eventtype", "eventname", "aktivitat", "atividade"),
    "resource": ("resource", "performedby", "actor", "bearbeiter"),
    "happened_at": (
        *("timestamp", "completetimestamp", "time", "occurredat", "happenedat", "eventtime", "activitydate", "sentat"),
        *("startsat", "dueat", "zeitstempel", "datahora", "date", "datum", "data"),
    ),
    "interaction_kind": ("interactiontype", "activitytype", "type", "kind", "art", "tipo"),
    "survey": ("survey", "surveytype", "surveyname", "metric", "umfrage", "pesquisa"),
    "score": (
        *("score", "rating", "npsscore", "nps", "csatscore", "csat", "cesscore", "ces", "answerscore", "bewertung"),
        *("punkte", "avaliacao", "pontuacao"),
    ),
    "comment": ("comment", "comments", "feedback", "verbatim", "freetext", "kommentar", "comentario"),
    "answered_at": (
        *("answeredat", "respondedat", "responsedate", "submittedat", "submitted", "surveydate", "completedat"),
        *("beantwortetam", "respondidoem"),
    ),
    "campaign": ("campaign", "campaignname", "campaignid", "kampagne", "campanha", "mailing"),
    "sent_at": ("sentat", "sentdate", "senddate", "datesent", "sent", "versendetam", "gesendetam", "enviadoem"),
    "delivered_at": ("deliveredat", "deliverydate", "datedelivered", "zugestelltam", "entregueem"),
    "delivered": ("delivered", "deliverystatus", "memberstatus", "zugestellt", "entregue"),
    "read_at": ("openedat", "firstopenedat", "firstopendate", "opendate", "dateopened", "geoffnetam", "abertoem"),
    "responded": ("responded", "hasresponded", "converted", "answered", "geantwortet", "respondeu"),
    "responded_at": ("respondedat", "firstrespondeddate", "responsedate", "dateresponded", "beantwortetam"),
    "response": ("response", "responsetext", "antwort", "resposta"),
    "summary": ("summary", "text", "body", "description", "notes", "note", "comments", "beschreibung", "descricao"),
}
"""The names of each role, the likelier first, as `plain` writes them."""


def plain(name: str) -> str:
    """In small letters and digits only, without accents and the marks of custom fields."""
    text = "".join(sign for sign in unicodedata.normalize("NFD", name) if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9ß]", "", re.sub("__c$", "", text.lower()))


def columns_by_role(header: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The columns of each role by their names, the likelier first. A column may be in several."""
    known = [(plain(name), name) for name in header if name]
    found: dict[str, Sequence[str]] = {}
    for role, names in NAMES.items():
        if columns := [name for wanted in dict.fromkeys(names) for written, name in known if written == wanted]:
            found[role] = list(dict.fromkeys(columns))
    return found


_SYSTEMS: Mapping[str, Sequence[Sequence[str]]] = {
    "salesforce": (("isdeleted", "systemmodstamp"), ("createdbyid", "lastmodifiedbyid")),
    "hubspot": (("recordid", "createdate"), ("recordid", "contactowner"), ("recordid", "companyname")),
    "google": (("yominame", "groupmembership"), ("givenname", "email1value"), ("firstname", "email1value")),
    "outlook": (("email2address", "businessphone"), ("firstname", "emailaddress", "businessphone")),
}


def system_of(header: Sequence[str], otherwise: str) -> str:
    """Which program wrote the file, by columns that only its exports have."""
    names = {plain(name) for name in header}
    for system, marks in _SYSTEMS.items():
        if any(names.issuperset(mark) for mark in marks):
            return system
    return re.sub(r"[^a-z0-9]+", "-", otherwise.lower()).strip("-")[:100] or "import"
