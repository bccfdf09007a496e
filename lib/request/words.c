/*
 * The tables of words, and what headings of several parts mean ("Quell-IP", "IP de destino").
 */
#include "words.h"

#include <stdint.h>
#include <string.h>

#include "transliterate.h"
#include "utf8.h"

/* ---- folding ------------------------------------------------------------------------------- */

static bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static void fold_byte(char c, char *folded, size_t *used) {
    c = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (is_alphanumeric(c) && *used < FR_FOLDED_MAX - 1)
        folded[(*used)++] = c;
}

void fr_fold(const char *text, size_t length, char folded[FR_FOLDED_MAX]) {
    char ascii[FR_TRANSLITERATION_MAX];
    size_t used = 0, step;
    uint32_t c;
    for (size_t i = 0; i < length; i += step) {
        step = fr_utf8_decode(text + i, length - i, &c);
        size_t count = step > 1 ? fr_transliterate(c, ascii) : 0;
        if (step <= 1) {
            step = 1;
            fold_byte(text[i], folded, &used);
        }
        for (size_t k = 0; count != FR_NO_TRANSLITERATION && k < count; k++)
            fold_byte(ascii[k], folded, &used);
    }
    folded[used] = '\0';
}

/* Is a word in a list of words with blanks between? */
static bool lists(const char *list, const char *word, size_t length) {
    for (const char *at = list; length > 0 && *at != '\0';) {
        size_t one = strcspn(at, " ");
        if (one == length && memcmp(at, word, length) == 0)
            return true;
        at += one + (at[one] == ' ');
    }
    return false;
}

/* ---- roles --------------------------------------------------------------------------------- */

static const char *const role_words[FR_ROLES] = {
    [FR_ROLE_IGNORE] = "ignore",
    [FR_ROLE_SOURCE] = "source",
    [FR_ROLE_SOURCE_MASK] = "source-mask",
    [FR_ROLE_SOURCE_NAME] = "source-name",
    [FR_ROLE_SOURCE_PORT] = "source-port",
    [FR_ROLE_DESTINATION] = "destination",
    [FR_ROLE_DESTINATION_MASK] = "destination-mask",
    [FR_ROLE_DESTINATION_NAME] = "destination-name",
    [FR_ROLE_SERVICE] = "service",
    [FR_ROLE_PROTOCOL] = "protocol",
    [FR_ROLE_PORT] = "port",
    [FR_ROLE_ACTION] = "action",
    [FR_ROLE_DIRECTION] = "direction",
    [FR_ROLE_BOTH_WAYS] = "both-ways",
    [FR_ROLE_NAME] = "name",
    [FR_ROLE_PURPOSE] = "purpose",
    [FR_ROLE_OWNER] = "owner",
    [FR_ROLE_TICKET] = "ticket",
    [FR_ROLE_EXPIRES] = "expires",
    [FR_ROLE_TAGS] = "tags",
    [FR_ROLE_VOLUME] = "volume",
    [FR_ROLE_FREQUENCY] = "frequency",
    [FR_ROLE_LOG] = "log",
};

const char *fr_role_word(enum fr_role role) {
    return role_words[role] == NULL ? "" : role_words[role];
}

const char *fr_role_candidate(const void *user, size_t i) {
    (void)user;
    for (size_t r = 0; r < FR_ROLES; r++)
        if (role_words[r] != NULL && i-- == 0)
            return role_words[r];
    return NULL;
}

bool fr_role_parse(const char *word, enum fr_role *role) {
    *role = FR_ROLE_OTHER;
    if (strncmp(word, "x-", 2) == 0 && word[2] != '\0')
        return true;
    for (size_t r = 0; r < FR_ROLES; r++)
        if (role_words[r] != NULL && strcmp(role_words[r], word) == 0) {
            *role = (enum fr_role)r;
            return true;
        }
    return false;
}

/* ---- headings ------------------------------------------------------------------------------ */

/* Headings that are one word for a role, folded, by language. */
static const struct {
    enum fr_role role;
    const char *words[4];
} headings[] = {
    {FR_ROLE_SERVICE,
     {"service services application applications protocolport protocolports portprotocol "
      "portsprotocols protocolsports protoport serviceport servicesports serviceports portservice "
      "servicesorports",
      "dienst dienste anwendung protokollport portprotokoll dienstport dienstepor",
      "serviceouport protocoleport portprotocole protocoleetport portsetprotocoles",
      "servicio servicios aplicacion protocolopuerto puertoprotocolo protocoloypuerto"}},
    {FR_ROLE_PROTOCOL,
     {"protocol protocols proto l4protocol ipprotocol transport",
      "protokoll protokolle ipprotokoll", "protocole protocoles", "protocolo protocolos"}},
    {FR_ROLE_PORT,
     {"port ports portnumber portnumbers portno portrange tcpudpport portnr",
      "portnummer portnummern portbereich", "numerodeport numerosdeport nodeport",
      "puerto puertos numerodepuerto"}},
    {FR_ROLE_ACTION,
     {"action permission rule verdict allowdeny permitdeny decision access",
      "aktion massnahme regel", "decisiondeflux autorisation", "accion permiso"}},
    {FR_ROLE_DIRECTION,
     {"direction dir trafficdirection inboundoutbound inout", "richtung verkehrsrichtung",
      "sens sensduflux", "sentido sentidodeltrafico"}},
    {FR_ROLE_BOTH_WAYS,
     {"bidirectional bidi bothways bothdirections twoway bidir", "bidirektional beiderichtungen",
      "bidirectionnel", "bidireccional"}},
    {FR_ROLE_NAME,
     {"name rulename flowname flow connection connectionname title",
      "regelname bezeichnung verbindung name", "nom nomdelaregle nomduflux flux",
      "nombre nombredelaregla flujo"}},
    {FR_ROLE_PURPOSE,
     {"purpose description justification businessjustification comment comments remark remarks "
      "reason notes note why usage businesspurpose businessreason",
      "zweck beschreibung begrundung begruendung bemerkung bemerkungen kommentar verwendungszweck "
      "anmerkung grund",
      "objet objectif commentaire commentaires remarque remarques motif raison utilite",
      "proposito descripcion justificacion comentario comentarios motivo observaciones finalidad"}},
    {FR_ROLE_OWNER,
     {"owner contact requester requestor requestedby responsible team applicant technicalcontact",
      "verantwortlich verantwortlicher verantwortliche ansprechpartner eigentumer eigentuemer "
      "antragsteller kontakt besitzer",
      "responsable proprietaire demandeur demandeurs contacttechnique", "propietario solicitante"}},
    {FR_ROLE_TICKET,
     {"ticket ticketid ticketnumber ticketno change changeid changenumber requestid reference jira "
      "rfc crq",
      "ticketnummer ticketnr changenummer referenz auftragsnummer", "ticketdechange numerodeticket",
      "referencia numerodeticket"}},
    {FR_ROLE_EXPIRES,
     {"expires expiry expiration expirydate expirationdate validuntil validto until enddate "
      "expireson",
      "gultigbis gueltigbis ablaufdatum befristetbis bis ablauf enddatum befristung",
      "expire valablejusquau valablejusqua datedexpiration datedefin echeance findevalidite",
      "caduca validohasta vencimiento fechadecaducidad hasta fechafin fechadevencimiento"}},
    {FR_ROLE_TAGS,
     {"tags tag labels category", "kategorie schlagworte", "categorie etiquettes",
      "categoria etiquetas"}},
    {FR_ROLE_VOLUME,
     {"volume datavolume bandwidth expectedvolume size", "datenmenge datenvolumen bandbreite",
      "volumedesdonnees debit", "volumen volumendedatos"}},
    {FR_ROLE_FREQUENCY,
     {"frequency howoften", "haufigkeit haeufigkeit", "frequence", "frecuencia"}},
    {FR_ROLE_LOG,
     {"log logging", "protokollierung loggen", "journalisation journaliser", "registro registrar"}},
};

/* The words for the two ends of a flow. */
static const char *const sides[2][4] = {
    {"source sources src from origin client clients sender initiator",
     "quelle quellen quell von absender", "origine emetteur depuis", "origen desde"},
    {"destination destinations dest dst to target targets dstn receiver server remote endpoint "
     "endpoints",
     "ziel ziele nach empfanger empfaenger", "cible cibles destinataire vers",
     "destino destinos hacia"},
};

/* What stands beside the word for an end. */
static const struct {
    enum fr_role roles[2];
    const char *words;
} parts[] = {
    {{FR_ROLE_SOURCE, FR_ROLE_DESTINATION},
     "ip ips ipaddress ipaddresses ipaddr address addresses addr adresse adressen adresses "
     "adresseip "
     "adressesip ipadresse ipadressen network networks net netz netze netzwerk subnet subnets "
     "range "
     "ipranges iprange cidr hostip hostsip system systems systeme sistema host hosts hosted "
     "direccion direccionip direcciones red redes reseau reseaux sousreseau server servers serveur "
     "servidor ipfqdn fqdnip ipnetwork iporfqdn hostorip iphost object objects group groups "
     "endpoint endpoints url urls ipsubnet ipdns"},
    {{FR_ROLE_SOURCE_NAME, FR_ROLE_DESTINATION_NAME},
     "name names hostname hostnames fqdn fqdns dns dnsname domain domains nom nombre rechner "
     "rechnername servername nomdhote"},
    {{FR_ROLE_SOURCE_MASK, FR_ROLE_DESTINATION_MASK},
     "mask netmask subnetmask netzmaske maske masque mascara wildcard wildcardmask"},
    {{FR_ROLE_SOURCE_PORT, FR_ROLE_PORT}, "port ports puerto puertos"},
    {{FR_ROLE_NONE, FR_ROLE_SERVICE}, "service services dienst portprotocol protocolport"},
};

static const char *const languages[4] = {"English", "German", "French", "Spanish"};

static enum fr_role role_beside(size_t side, const char *part, size_t length) {
    if (length == 0)
        return side == 0 ? FR_ROLE_SOURCE : FR_ROLE_DESTINATION;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (lists(parts[i].words, part, length))
            return parts[i].roles[side];
    return FR_ROLE_NONE;
}

/* Without "de", "des", "del", "of" and the like at one end of what stands beside a side. */
static size_t drop_link(const char *text, size_t length, bool behind) {
    static const char *const links[] = {"dela", "des", "del", "der", "du", "de", "of", "la"};
    for (size_t i = 0; behind && i < sizeof links / sizeof *links; i++) {
        size_t size = strlen(links[i]);
        if (length > size && memcmp(text + length - size, links[i], size) == 0)
            return length - size;
    }
    return length;
}

/* The role of a heading that begins or ends with one word for a side. */
static enum fr_role role_with(size_t side, const char *word, size_t size, const char *folded) {
    size_t length = strlen(folded);
    if (size > length)
        return FR_ROLE_NONE;
    if (memcmp(folded, word, size) == 0) {
        enum fr_role role = role_beside(side, folded + size, length - size);
        if (role != FR_ROLE_NONE)
            return role;
    }
    if (memcmp(folded + length - size, word, size) != 0)
        return FR_ROLE_NONE;
    enum fr_role role = role_beside(side, folded, length - size);
    return role != FR_ROLE_NONE ? role
                                : role_beside(side, folded, drop_link(folded, length - size, true));
}

static enum fr_role side_role(const char *folded, const char **why) {
    for (size_t side = 0; side < 2; side++)
        for (size_t language = 0; language < 4; language++)
            for (const char *at = sides[side][language]; *at != '\0';) {
                size_t size = strcspn(at, " ");
                enum fr_role role = role_with(side, at, size, folded);
                if (role != FR_ROLE_NONE) {
                    *why = languages[language];
                    return role;
                }
                at += size + (at[size] == ' ');
            }
    return FR_ROLE_NONE;
}

static enum fr_role folded_role(const char *folded, const char **why) {
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        for (size_t language = 0; language < 4; language++)
            if (lists(headings[i].words[language], folded, strlen(folded))) {
                *why = languages[language];
                return headings[i].role;
            }
    return side_role(folded, why);
}

enum fr_role fr_heading_role(const char *heading, const char **why) {
    char folded[FR_FOLDED_MAX];
    fr_fold(heading, strlen(heading), folded);
    enum fr_role role = folded_role(folded, why);
    size_t bare = strcspn(heading, "([{");
    if (role != FR_ROLE_NONE || bare == 0 || heading[bare] == '\0')
        return role;
    fr_fold(heading, bare, folded); /* "Source (IP or network)" */
    return folded_role(folded, why);
}

/* ---- words in cells ------------------------------------------------------------------------ */

static const struct {
    enum fr_word kind;
    const char *words;
} cell_words[] = {
    {FR_WORD_ANY,
     "any all anywhere everything everywhere anyip allips anyhost allhosts beliebig alle "
     "alles uberall ueberall tous tout toutes toute partout nimportequi nimportelequel "
     "cualquiera cualquier todo todos todas anyany"},
    {FR_WORD_NOTHING,
     "na none nil tbd notapplicable keine kein keiner entfallt entfaellt aucun aucune "
     "neant ninguno ninguna noaplica nichts"},
    {FR_WORD_DITTO, "ditto dito sameasabove same asabove idem id siehoben sieheoben so wieoben "
                    "cidessus voircidessus igual ibidem"},
    {FR_WORD_ALLOW,
     "allow allowed permit permitted accept accepted open add new create enable pass "
     "grant alwaysallow allowalways erlauben erlaubt zulassen zugelassen freischalten "
     "freigeben neu hinzufugen hinzufuegen oeffnen offnen autoriser autorise permettre "
     "ouvrir ouverture accepter ajouter ajout permitir permitido autorizar abrir aceptar "
     "anadir alta"},
    {FR_WORD_DENY,
     "deny denied drop block blocked reject rejected refuse close verbieten verboten "
     "sperren gesperrt blockieren ablehnen verweigern interdire refuser bloquer bloque "
     "fermer denegar denegado bloquear rechazar prohibir cerrar"},
    {FR_WORD_REMOVE,
     "remove removed delete deleted decommission loschen loeschen entfernen abbauen "
     "supprimer supprime suppression retirer eliminar borrar quitar baja"},
    {FR_WORD_IN,
     "in inbound incoming ingress eingehend ankommend rein entrant entree entrante entrada"},
    {FR_WORD_OUT,
     "out outbound outgoing egress ausgehend abgehend raus sortant sortie saliente salida"},
    {FR_WORD_BOTH_WAYS,
     "both bidirectional bidi bidir bothways bothdirections twoway inout inbound"
     "outbound inandout beide beidseitig bidirektional beiderichtungen hinundruck "
     "hinundzuruck bidirectionnel deuxsens lesdeux lesdeuxsens bidireccional ambos "
     "ambossentidos"},
    {FR_WORD_ONE_WAY, "oneway unidirectional single einseitig unidirektional eineRichtung "
                      "unidirectionnel unsens unidireccional"},
    {FR_WORD_YES, "yes y x true 1 ja j wahr oui o vrai si s verdadero"},
    {FR_WORD_NO, "no n false 0 nein falsch non faux falso"},
    {FR_WORD_FOREVER,
     "permanent never unlimited indefinite indefinitely noexpiry forever unbefristet "
     "dauerhaft nie unbegrenzt illimite illimitee jamais indefini permanente ilimitado "
     "indefinido nunca"},
};

/* Marks that fold to nothing. */
static bool mark_is(const char *text, size_t length, enum fr_word kind) {
    static const struct {
        enum fr_word kind;
        const char *marks;
    } marks[] = {{FR_WORD_ANY, "* *.* <any> *:*"},
                 {FR_WORD_NOTHING, "- -- --- ? / \xE2\x80\x93 \xE2\x80\x94"},
                 {FR_WORD_DITTO, "\" '' \" ,, \xE2\x80\x9D \xE2\x80\x9E \xE3\x80\x83"},
                 {FR_WORD_BOTH_WAYS, "<-> <--> <=> \xE2\x86\x94 \xE2\x87\x94 <>"},
                 {FR_WORD_ONE_WAY, "-> --> => \xE2\x86\x92"},
                 {FR_WORD_YES, "\xE2\x9C\x93 \xE2\x9C\x94 \xE2\x98\x91"}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i].kind == kind && lists(marks[i].marks, text, length))
            return true;
    return false;
}

bool fr_word_is(const char *text, size_t length, enum fr_word kind) {
    char folded[FR_FOLDED_MAX];
    if (mark_is(text, length, kind))
        return true;
    fr_fold(text, length, folded);
    for (size_t i = 0; i < sizeof cell_words / sizeof *cell_words; i++)
        if (cell_words[i].kind == kind)
            return lists(cell_words[i].words, folded, strlen(folded));
    return false;
}

size_t fr_joint_length(const char *text, size_t length) {
    static const char *const joints[] = {" and ", " und ",  " et ",    " y ",
                                         " & ",   " plus ", " sowie ", " as well as "};
    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++) {
        size_t size = strlen(joints[i]);
        if (size > length)
            continue;
        bool same = true;
        for (size_t k = 0; k < size && same; k++)
            same =
                (text[k] >= 'A' && text[k] <= 'Z' ? text[k] - 'A' + 'a' : text[k]) == joints[i][k];
        if (same)
            return size;
    }
    return 0;
}
