// GENURLAUTH, RESETKEY and URLFETCH (RFC 4467): parts of messages for whoever has their URL.
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <utility>

#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/imap_url.h"
#include "dataplane/imap/url_token.h"
#include "dataplane/imap_account/account_commands.h"
#include "dataplane/imap_fetch/body_source.h"
#include "dataplane/imap_fetch/find_body.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

using Kind = ImapReply::Kind;
using Access = UrlAuthorization::Access;

namespace {

// A key out of a reply, for as long as it is needed.
class UrlKey {
  public:
    explicit UrlKey(storage::MailboxReply& reply) {
        for (auto& [mechanism, octets] : reply.values) {
            if (mechanism == storage::kUrlMechanism && octets.size() == key_.size()) {
                std::ranges::copy(octets, key_.begin());
                is_there_ = reply.ok();
            }
            ::explicit_bzero(octets.data(), octets.size());
        }
    }
    ~UrlKey() { ::explicit_bzero(key_.data(), key_.size()); }
    UrlKey(const UrlKey&) = delete;
    UrlKey& operator=(const UrlKey&) = delete;

    bool is_there() const { return is_there_; }
    // RFC 4467 §6: where there is none, one that takes the same time and fits nothing.
    std::string_view octets() const { return {key_.data(), key_.size()}; }

  private:
    std::array<char, storage::kUrlKeyOctets> key_{};
    bool is_there_ = false;
};

// RFC 3986 §2: what a URL consists of, and can be signed and written in a response as it is.
bool is_url_text(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

}  // namespace

bool ImapSession::is_user(std::string_view name) const {
    return equal_ignoring_case(name, user_);
}

// RFC 4467 §10: nothing is said of mechanisms where others may listen.
std::string ImapSession::url_mechanisms() const {
    return tls_ ? "URLMECH " + std::string(storage::kUrlMechanism) : std::string();
}

Task<ImapReply> ImapSession::gen_url_auth(const ImapCommand& command) {
    std::string out = "* GENURLAUTH";
    for (const auto& [text, mechanism] : command.pairs) {
        // RFC 4467 BASE.6.3.GENURLAUTH: a URL that fails makes the whole command fail.
        ImapReply reply = co_await sign_url(text, mechanism, out);
        if (reply.kind != Kind::ok) co_return reply;
    }
    out += "\r\n";
    const bool said = co_await say_piece(out);
    if (!said) co_return ImapReply{};
    storage::count(counters_.urls_signed, command.pairs.size());
    co_return ImapReply{Kind::ok, "", "GENURLAUTH completed"};
}

Task<ImapReply> ImapSession::sign_url(std::string_view text, std::string_view mechanism,
                                      std::string& out) {
    if (!equal_ignoring_case(mechanism, storage::kUrlMechanism))
        co_return ImapReply{Kind::bad, "", "URLs are signed by INTERNAL alone"};
    const auto url = is_url_text(text) ? parse_imap_url(text, options_.server_name) : std::nullopt;
    if (!url || !url->is_absolute)
        co_return ImapReply{Kind::bad, "", "That is no URL of a message on this server"};
    if (!url->authorization || !url->authorization->mechanism.empty())
        co_return ImapReply{Kind::bad, "", "The URL has to end with who may use it"};
    // RFC 4467 BASE.6.3.GENURLAUTH (2): the key is of whoever has logged in, and nobody else's.
    if (!is_user(url->owner))
        co_return ImapReply{Kind::bad, "", "The URL has to name you as its user"};
    ImapReply opened = co_await open_account(environment_.mailboxes(), account_id_);
    if (opened.kind != Kind::ok) co_return opened;
    const auto listing = find_listing(url->mailbox);
    if (!listing || (listing->rights & storage::kRightRead) == 0)
        co_return ImapReply{Kind::bad, "", "There is no such mailbox"};
    storage::MailboxRequest request = storage::MakeUrlKey{account_id_, listing->mailbox_id};
    storage::MailboxReply reply = co_await ask_mailboxes(std::move(request));
    const UrlKey key(reply);
    // Where nobody knows whether one was made, it is there the next time.
    if (!key.is_there()) {
        const bool known = !reply.ok() && reply.outcome != storage::MailboxOutcome::unknown;
        if (known) co_return reply_of(reply);
        co_return ImapReply{Kind::no, "UNAVAILABLE", "There is no key now; try again"};
    }
    std::string full(text);
    full.append(":").append(mechanism).append(":").append(url_token(key.octets(), text));
    out += ' ';
    append_astring(out, full, utf8_);
    co_return ImapReply{};
}

Task<ImapReply> ImapSession::reset_key(const ImapCommand& command) {
    const bool known = std::ranges::all_of(command.words, [](const std::string& word) {
        return equal_ignoring_case(word, storage::kUrlMechanism);
    });
    if (!known) co_return ImapReply{Kind::bad, "", "URLs are signed by INTERNAL alone"};
    storage::ResetUrlKeys reset{.account_id = account_id_};
    if (!command.name.empty()) {
        ImapReply opened = co_await open_account(environment_.mailboxes(), account_id_);
        if (opened.kind != Kind::ok) co_return opened;
        const auto listing = find_listing(command.name);
        if (!listing || (listing->rights & storage::kRightRead) == 0)
            co_return ImapReply{Kind::no, "NONEXISTENT", "There is no such mailbox"};
        reset.mailbox_id = listing->mailbox_id;
    }
    storage::MailboxRequest request = std::move(reset);
    const storage::MailboxReply reply = co_await ask_mailboxes(std::move(request));
    if (!reply.ok()) co_return reply_of(reply);
    if (command.name.empty()) co_return ImapReply{Kind::ok, "", "All keys removed"};
    co_return ImapReply{Kind::ok, url_mechanisms(), "RESETKEY completed"};
}

Task<ImapReply> ImapSession::url_fetch(const ImapCommand& command) {
    using Status = UrlOctets::Status;
    bool is_complete = true;
    for (const std::string& text : command.words) {
        const auto url = parse_imap_url(text, options_.server_name);
        UrlOctets found;
        // RFC 4467 BASE.7.4.URLFETCH: NIL, whatever is wrong with it.
        if (url && url->authorization)
            found = co_await find_authorized(*url, text);
        else
            storage::count(counters_.urls_refused);
        const bool said = co_await say_url_octets(text, found);
        if (!said) co_return ImapReply{};
        is_complete = is_complete && found.status != Status::unavailable;
    }
    // RFC 4467 BASE.6.3.URLFETCH: NO is what may be different later.
    if (!is_complete)
        co_return ImapReply{Kind::no, "UNAVAILABLE", "Not everything can be read now; try again"};
    co_return ImapReply{Kind::ok, "", "URLFETCH completed"};
}

// RFC 4467 §3.
bool ImapSession::may_use(const UrlAuthorization& authorization) const {
    const int64_t now_s = environment_.now_us() / 1'000'000;
    if (authorization.last_second && now_s > *authorization.last_second) return false;
    if (!equal_ignoring_case(authorization.mechanism, storage::kUrlMechanism)) return false;
    switch (authorization.access) {
        case Access::submit:
            return false;  // nobody logs in here as a submission server
        case Access::user:
            return is_user(authorization.user);
        case Access::any_user:
        case Access::any_connection:
            return true;  // nobody gets here without having logged in
    }
    return false;
}

// With the rights of the URL's owner, as they are now.
Task<ImapSession::UrlOctets> ImapSession::find_authorized(const ImapUrl& url,
                                                          std::string_view text) {
    using Status = UrlOctets::Status;
    const UrlAuthorization& authorization = *url.authorization;
    UrlOctets found;
    if (url.is_absolute && !url.owner.empty() && may_use(authorization)) {
        storage::MailboxRequest request = storage::FindUrlKey{url.owner, url.mailbox};
        storage::MailboxReply reply = co_await ask_mailboxes(std::move(request));
        const UrlKey key(reply);
        const bool is_right = is_url_token(
            key.octets(), text.substr(0, authorization.signed_octets), authorization.token);
        if (reply.outcome == storage::MailboxOutcome::unavailable)
            found.status = Status::unavailable;
        else if (is_right && key.is_there())
            found = co_await find_octets(reply.mailbox_id, url);
    }
    if (found.status == Status::none) storage::count(counters_.urls_refused);
    co_return found;
}

Task<bool> ImapSession::say_url_octets(std::string_view url, UrlOctets& found) {
    using Status = UrlOctets::Status;
    std::string out = "* URLFETCH ";
    append_astring(out, url, utf8_);
    BodySource::FindAgain find_again = [this, &found] {
        return find_body(environment_.mailboxes(), found.mailbox_id, found.uid_validity, found.uid);
    };
    BodySource source(environment_.store(), found.body, std::move(find_again));
    const uint64_t size = found.status == Status::ok ? found.size : 0;
    for (uint64_t done = 0; done < size;) {
        const Extent extent{found.offset + done,
                            std::min<uint64_t>(BodySource::kPieceMax, size - done)};
        Bytes piece;
        const bool read = co_await source.get(extent, piece);
        if (!read && done == 0) {
            found.status = Status::unavailable;
            break;
        }
        if (!read) {
            // A literal cannot be taken back: only the connection's end tells the client.
            lost(StreamStatus::reset);
            co_return false;
        }
        if (done == 0) out += " {" + std::to_string(size) + "}\r\n";
        const size_t begin = out.size();
        out.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        // RFC 9051 §9: a literal has no NUL.
        std::replace(out.begin() + static_cast<ptrdiff_t>(begin), out.end(), '\0', '?');
        const bool said = co_await say_piece(out);
        if (!said) co_return false;
        done += piece.size();
    }
    if (found.status != Status::ok) out += " NIL";
    if (found.status == Status::ok && size == 0) out += " \"\"";
    out += "\r\n";
    if (found.status == Status::ok) {
        storage::count(counters_.urls_fetched);
        storage::count(counters_.body_octets, size);
    }
    co_return co_await say_piece(out);
}

}  // namespace gatepost::dataplane
