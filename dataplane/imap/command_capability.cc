// CAPABILITY, ID, LOGOUT, ENABLE (RFC 9051 §6.1, §6.3.1, RFC 2971).
#include <fmt/format.h>

#include <algorithm>

#include "dataplane/auth/sasl_dialogue.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/log/log.h"

namespace gatepost::dataplane {

namespace {

using Kind = ImapReply::Kind;

// Everything that is done here once somebody has logged in, beside what options say.
constexpr std::string_view kCapabilities =
    "IMAP4rev2 IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE UNSELECT UIDPLUS MOVE CHILDREN "
    "LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS LIST-METADATA SPECIAL-USE CREATE-SPECIAL-USE "
    "CONDSTORE QRESYNC ESEARCH MULTISEARCH SEARCHRES WITHIN SORT SORT=DISPLAY ESORT PARTIAL "
    "THREAD=ORDEREDSUBJECT THREAD=REFERENCES BINARY CATENATE URLAUTH URL-PARTIAL MULTIAPPEND "
    "REPLACE PREVIEW SAVEDATE OBJECTID STATUS=SIZE QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE ACL "
    "RIGHTS=kxte METADATA UTF8=ACCEPT UIDONLY NOTIFY INPROGRESS UNAUTHENTICATE";

}  // namespace

// RFC 9051 §7.2.2: what is not allowed now is not in it.
std::string ImapSession::capabilities() const {
    std::string text = "CAPABILITY ";
    if (account_id_ != 0) {
        text += kCapabilities;
        if (!stream_.is_compressed()) text += " COMPRESS=DEFLATE";
        fmt::format_to(std::back_inserter(text), " APPENDLIMIT={}", options_.message_octets_max);
        return text;
    }
    text += "IMAP4rev2 IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE";
    if (!tls_ && options_.tls != nullptr) text += " STARTTLS";
    if (!may_log_in()) return text + " LOGINDISABLED";
    for (const SaslMechanism mechanism : usable_mechanisms(environment_.login(), stream_.tls()))
        text.append(" AUTH=").append(mechanism_name(mechanism));
    return text;
}

ImapReply ImapSession::capability() {
    say("* " + capabilities() + "\r\n");
    return {Kind::ok, "", "CAPABILITY completed"};
}

ImapReply ImapSession::id(const ImapCommand& command) {
    if (log_enabled(LogLevel::debug)) {
        std::string client;
        for (const auto& [name, value] : command.pairs)
            fmt::format_to(std::back_inserter(client), "{}{}={}", client.empty() ? "" : " ", name,
                           value);
        log(LogLevel::debug, "imap.id",
            {{"session", session_text(session_.id)}, {"client", client}});
    }
    // RFC 2971 §3.3: what it is; which version is nobody's business.
    say("* ID (\"name\" \"Gatepost\")\r\n");
    return {Kind::ok, "", "ID completed"};
}

ImapReply ImapSession::logout() {
    part("Logging out", storage::StreamEnd::server);
    return {Kind::ok, "", "LOGOUT completed"};
}

void ImapSession::enable_condstore() {
    if (std::exchange(condstore_, true) || selected_ == nullptr) return;
    // RFC 7162 §3.1.2.1: what was told at SELECT is said again, as it is now.
    say(fmt::format("* OK [HIGHESTMODSEQ {}] Highest\r\n", selected_->told_modseq()));
}

ImapReply ImapSession::enable(const ImapCommand& command) {
    std::string enabled;
    bool condstore = false;
    for (const std::string& word : command.words) {
        std::string name = word;
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
        bool known = true;
        if (name == "CONDSTORE")
            condstore = true;
        else if (name == "QRESYNC")
            condstore = qresync_ = true;  // RFC 7162 §3.2.3
        else if (name == "UTF8=ACCEPT")
            utf8_ = true;
        else if (name == "IMAP4REV2")
            rev2_ = utf8_ = true, name = "IMAP4rev2";  // RFC 9051 §5.1
        else if (name == "UIDONLY")
            uid_only_ = true;
        else
            known = false;
        if (known) enabled += " " + name;
    }
    // RFC 5161 §3.2: what is not known is passed over.
    say("* ENABLED" + enabled + "\r\n");
    if (condstore) enable_condstore();
    return {Kind::ok, "", "ENABLE completed"};
}

}  // namespace gatepost::dataplane
