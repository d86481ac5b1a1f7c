// COMPRESS (RFC 4978), and what UNAUTHENTICATE does to it (RFC 8437 §4.1).
//
// RFC 4978 allows it at any time; here it is for those who have logged in: nobody else gets at
// zlib, or makes us hold its memory. As UNAUTHENTICATE ends it, STARTTLS and logins are never
// compressed.
#include <strings.h>

#include "dataplane/imap/imap_session.h"
#include "dataplane/log/log.h"

namespace gatepost::dataplane {

ImapReply ImapSession::compress(const ImapCommand& command) {
    using Kind = ImapReply::Kind;
    if (strcasecmp(command.name.c_str(), "DEFLATE") != 0)
        return {Kind::bad, "", "DEFLATE is all there is"};
    // RFC 4978 §3.
    if (stream_.is_compressed())
        return {Kind::no, "COMPRESSIONACTIVE", "This connection is compressed already"};
    if (!stream_.can_begin())
        return {Kind::no, "LIMIT", "Too many connections are compressed; go on without it"};
    return {Kind::ok, "", "Compressed from here on"};
}

void ImapSession::change_compression(ImapVerb verb) {
    // RFC 4978 §3: from the end of the tagged OK. What a client has sent before it saw that is
    // taken for the beginning of its compressed octets, whenever it arrives.
    if (verb == ImapVerb::compress) stream_.begin_compression();
    // RFC 8437 §4.1: what follows the command, and what follows its answer, is not compressed.
    if (verb == ImapVerb::unauthenticate && stream_.is_compressed() && !stream_.end_compression())
        lost(StreamStatus::no_memory);
}

void ImapSession::lost_compression() {
    if (ended_) return;
    if (log_enabled(LogLevel::info))
        log(LogLevel::info, "imap.compression_broken",
            {{"session", session_text(session_.id)}, {"client", session_.client.text()}});
    part("[CLIENTBUG] That is not compressed as agreed", storage::StreamEnd::protocol);
}

}  // namespace gatepost::dataplane
