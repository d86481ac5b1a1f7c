#include "dataplane/netio/listener_use.h"

#include <iterator>

namespace gatepost::dataplane {

namespace {

struct Names {
    ListenerUse use;
    std::string_view name;
    std::string_view word;
};
constexpr Names kNames[] = {
    {ListenerUse::dns, "dns", "tcp"},
    {ListenerUse::dns_tls, "dns-over-tls", "tls"},
    {ListenerUse::https, "https", "https"},
    {ListenerUse::http, "http", "http"},
    {ListenerUse::admin, "admin", "admin"},
    {ListenerUse::smtp, "smtp", "smtp"},
    {ListenerUse::submission, "submission", "submission"},
    {ListenerUse::submissions, "submissions", "submissions"},
    {ListenerUse::lmtp, "lmtp", "lmtp"},
    {ListenerUse::mail_local, "local mail", "mail-local"},
    {ListenerUse::imap, "imap", "imap"},
    {ListenerUse::imaps, "imaps", "imaps"},
    {ListenerUse::pop3, "pop3", "pop3"},
    {ListenerUse::pop3s, "pop3s", "pop3s"},
};
static_assert(std::size(kNames) == kListenerUses);

}  // namespace

bool is_mail(ListenerUse use) {
    return use >= ListenerUse::smtp;
}

std::string_view listener_use_name(ListenerUse use) {
    return kNames[static_cast<size_t>(use)].name;
}

std::string_view stream_socket_word(ListenerUse use) {
    return kNames[static_cast<size_t>(use)].word;
}

std::optional<ListenerUse> stream_socket_use(std::string_view word) {
    for (const Names& names : kNames)
        if (names.word == word) return names.use;
    return std::nullopt;
}

}  // namespace gatepost::dataplane
