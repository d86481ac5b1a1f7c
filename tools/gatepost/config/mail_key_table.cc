#include "tools/gatepost/config/key_table.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kMiB = 1 << 20;  // octets

constexpr ConfigKey kMail[] = {
    {.name = "smtp.listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.4",
     .description =
         "The addresses on which mail from other hosts is taken (SMTP, RFC 5321). The port is 25 "
         "where none is given. An empty list: nowhere.",
     .example = "0.0.0.0@25, ::@25"},
    {.name = "smtp.submission_listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.4",
     .description =
         "The addresses on which people who log in hand in their mail, after STARTTLS (RFC 6409). "
         "The port is 587 where none is given. An empty list: nowhere.",
     .example = "0.0.0.0@587, ::@587"},
    {.name = "smtp.submissions_listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.4",
     .description =
         "The same under TLS from the first octet (RFC 8314). The port is 465 where none is given.",
     .example = "0.0.0.0@465, ::@465"},
    {.name = "smtp.lmtp_listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.4",
     .description =
         "The addresses on which other mail systems hand over mail for accounts here (LMTP, RFC "
         "2033); whoever reaches them is trusted. The port is 24 where none is given.",
     .example = "127.0.0.1@24"},
    {.name = "smtp.socket",
     .kind = KeyKind::path,
     .default_value = "",
     .since = "0.4",
     .description =
         "The unix socket on which programs of this host hand in mail, without a login and with "
         "any sender (gatepost-sendmail does). Unset: mail.sock in paths.run_dir, where any other "
         "address of [smtp], [imap] or [pop3] is set.",
     .example = "/run/gatepost/mail.sock"},
    {.name = "smtp.hostname",
     .kind = KeyKind::name,
     .default_value = "",
     .since = "0.4",
     .description =
         "The name of this host in greetings and Received fields. Unset: tls.server_name.",
     .example = "mx1.example.net"},
    {.name = "smtp.message_size_max",
     .kind = KeyKind::size,
     .default_value = "50MiB",
     .minimum = 64 << 10,
     .maximum = 2048 * kMiB,
     .since = "0.4",
     .description = "The largest message that is taken (RFC 1870), by IMAP as well (RFC 7889).",
     .example = "100MiB"},
    {.name = "smtp.recipients_max",
     .kind = KeyKind::count,
     .default_value = "100",
     .minimum = 1,
     .maximum = 10'000,
     .since = "0.4",
     .description =
         "Recipients of one message; further ones are told to come again (RFC 5321 §4.5.3.1.8 asks "
         "for at least 100).",
     .example = "500"},
    {.name = "smtp.auth_mechanisms",
     .kind = KeyKind::names,
     .default_value = "PLAIN, LOGIN, OAUTHBEARER",
     .since = "0.4",
     .description =
         "How people log in to submission, IMAP and POP3, in the order of preference; all of it "
         "under TLS. SCRAM-SHA-256-PLUS and SCRAM-SHA-256 serve only accounts whose password is "
         "stored with --scheme SCRAM-SHA-256, and a client that prefers them tries nothing else.",
     .example = "SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN"},
    {.name = "smtp.postmaster",
     .kind = KeyKind::name,
     .default_value = "",
     .since = "0.4",
     .description =
         "The address that mail to postmaster goes to, of domains that have no such account or "
         "alias (RFC 5321 §4.5.1). Unset: such mail is refused.",
     .example = "ada@example.org"},
    {.name = "imap.listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.5",
     .description =
         "The addresses on which people read their mail, after STARTTLS (IMAP, RFC 9051 and 3501). "
         "The port is 143 where none is given. An empty list: nowhere.",
     .example = "0.0.0.0@143, ::@143"},
    {.name = "imap.tls_listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.5",
     .description =
         "The same under TLS from the first octet (RFC 8314). The port is 993 where none is given. "
         "Mail clients keep several connections open for hours: connections.max and "
         "connections.per_address are to allow for them.",
     .example = "0.0.0.0@993, ::@993"},
    {.name = "pop3.listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.5",
     .description =
         "The addresses on which people fetch what is in their inbox, after STLS (POP3, RFC 1939). "
         "The port is 110 where none is given. An empty list: nowhere.",
     .example = "0.0.0.0@110, ::@110"},
    {.name = "pop3.tls_listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.5",
     .description =
         "The same under TLS from the first octet (RFC 8314). The port is 995 where none is given.",
     .example = "0.0.0.0@995, ::@995"},
    {.name = "store.compact_live_percent",
     .kind = KeyKind::count,
     .default_value = "50",
     .minimum = 0,
     .maximum = 90,
     .since = "0.5",
     .description =
         "A file of the message log is compacted when at most so many percent of it are still "
         "needed: what mailboxes and the queue refer to is copied, and the file is removed. Looked "
         "at once an hour. 0: only by gatepost store compact, which then takes files from 50 on.",
     .example = "70"},
    {.name = "store.compact_grace",
     .kind = KeyKind::duration,
     .default_value = "1min",
     .minimum = 1'000,
     .maximum = 86'400'000,
     .since = "0.5",
     .description =
         "How long a file of the message log stays once nothing in it is needed any more: whoever "
         "is being sent a message goes on reading it.",
     .example = "10min"},
    {.name = "mailboxes.size_max",
     .kind = KeyKind::size,
     .default_value = "4GiB",
     .minimum = 16 * kMiB,
     .maximum = uint64_t{64} << 40,
     .since = "0.6",
     .description =
         "How far the index of mailboxes in memory may grow, with what is replaced and readers "
         "have not left yet. It costs address space only; memory is used as mailboxes need it "
         "(about 600 B per message).",
     .example = "16GiB"},
    {.name = "mailboxes.resident_max",
     .kind = KeyKind::size,
     .default_value = "1GiB",
     .minimum = 1 * kMiB,
     .maximum = uint64_t{64} << 40,
     .since = "0.6",
     .description =
         "Memory beyond which mailboxes that nobody asked for in the last minute leave the index; "
         "they are read from PostgreSQL again when somebody opens them. 1GiB has the mailboxes of "
         "some hundred people with ten thousand messages each. At most mailboxes.size_max.",
     .example = "8GiB"},
    {.name = "mailboxes.expunged_kept",
     .kind = KeyKind::duration,
     .default_value = "30d",
     .minimum = 86'400'000,
     .maximum = 3650 * uint64_t{86'400'000},
     .since = "0.6",
     .description =
         "How long it is remembered which messages are gone (RFC 7162, QRESYNC). A client that was "
         "away for longer, for which a month is plenty, is told of every message that is not "
         "there, which is right as well and takes one longer answer.",
     .example = "90d"},
    {.name = "queue_api.listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.4",
     .description =
         "The addresses on which mail for other systems can be fetched over HTTP, without TLS: "
         "others than loopback only with token_file or users_file. The port is 8025 where none is "
         "given. An empty list: nowhere.",
     .example = "127.0.0.1@8025"},
    {.name = "queue_api.token_file",
     .kind = KeyKind::path,
     .default_value = "",
     .since = "0.4",
     .description =
         "A file with the bearer tokens that may fetch, a line label:{SHA256}… each, as gatepost "
         "queue token makes them; read again when it changes. The control plane's user reads it.",
     .example = "/etc/gatepost/queue-tokens"},
    {.name = "queue_api.users_file",
     .kind = KeyKind::path,
     .default_value = "",
     .since = "0.4",
     .description =
         "The same for names and passwords (Basic), a line name:{SCHEME}hash each. With neither "
         "file, whoever reaches the address may fetch.",
     .example = "/etc/gatepost/queue-users"},
    {.name = "queue_api.allow",
     .kind = KeyKind::prefixes,
     .default_value = "",
     .since = "0.4",
     .description = "Networks from which mail may be fetched. An empty list: any.",
     .example = "192.0.2.8/32"},
    {.name = "queue_api.lease",
     .kind = KeyKind::duration,
     .default_value = "5min",
     .minimum = 10'000,
     .maximum = 86'400'000,
     .since = "0.4",
     .description =
         "How long whoever fetched a message has to say what became of it. Then it is handed out "
         "again.",
     .example = "30min"},
    {.name = "queue_api.legacy",
     .kind = KeyKind::choice,
     .default_value = "off",
     .choices = "off on",
     .since = "0.4",
     .description =
         "Whether GET / gives the messages in PostOffice's form, too: they are done once the reply "
         "is written, and lost where it does not arrive.",
     .example = "on"},
};

}  // namespace

std::span<const ConfigKey> mail_key_table() {
    return kMail;
}

}  // namespace gatepost::tools
