#include "dataplane/worker/stream_services.h"

#include <time.h>

#include "dataplane/log/log.h"
#include "dataplane/tls/directory_source.h"

namespace gatepost::dataplane {

namespace {

int64_t unix_s() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec;
}

std::function<DirectoryNow()> directory_now(const CurrentDirectory& directory) {
    return [&directory] {
        const ServedDirectory* served = directory.load(std::memory_order_acquire);
        return served == nullptr ? DirectoryNow{} : DirectoryNow{&served->view, served->generation};
    };
}

std::function<MailboxesNow()> mailboxes_now(const CurrentMailboxes& mailboxes) {
    return [&mailboxes] {
        const ServedMailboxes* served = mailboxes.load(std::memory_order_acquire);
        return served == nullptr ? MailboxesNow{}
                                 : MailboxesNow{served->image.view(), served->serial};
    };
}

DirectoryIdentitiesOptions identities_options(const CurrentDirectory& directory) {
    return {.directory = directory_now(directory),
            .clock_s = unix_s,
            .report = [](std::string_view name, const Error& error) {
                log(LogLevel::warning, "tls.certificate_unusable",
                    {{"name", name}, {"reason", error.message}});
            }};
}

DnsStreamOptions dns_options(const StreamServicesOptions& options, Transport transport) {
    return {.transport = transport,
            .idle_ms = options.dns_idle_ms,
            .frame_ms = std::min(options.dns_frame_ms, options.dns_idle_ms)};
}

}  // namespace

StreamServices::StreamServices(const StreamSurroundings& surroundings,
                               const StreamServicesOptions& options, ReplyScratch scratch)
    : options_(options),
      scratch_(std::move(scratch)),
      identities_(make_directory_identities(identities_options(surroundings.directory),
                                            surroundings.tls.keys, *surroundings.tls.self_signed,
                                            surroundings.streams)),
      dns_tcp_(surroundings.answerer, scratch_, surroundings.counters,
               dns_options(options, Transport::tcp)),
      dns_tls_(surroundings.answerer, scratch_, surroundings.counters,
               dns_options(options, Transport::tls)) {}

Result<std::unique_ptr<StreamServices>> StreamServices::create(
    const StreamSurroundings& surroundings, const StreamServicesOptions& options,
    std::vector<StreamSocket> sockets) {
    auto scratch = ReplyScratch::create();
    if (!scratch) return tl::unexpected(scratch.error());
    std::unique_ptr<StreamServices> services(
        new StreamServices(surroundings, options, std::move(*scratch)));
    if (Status made = services->make_contexts(surroundings.tls); !made)
        return tl::unexpected(made.error());
    auto server = StreamServer::create(surroundings.ring, surroundings.counters,
                                       surroundings.streams, options.server);
    if (!server) return tl::unexpected(server.error());
    services->server_ = std::move(*server);
    if (Status made = services->make_http(surroundings); !made) return tl::unexpected(made.error());
    if (Status made = services->make_mail(surroundings); !made) return tl::unexpected(made.error());
    for (StreamSocket& socket : sockets) {
        if (is_mail(socket.use) && services->mail_ == nullptr)
            return fail(ErrorCode::usage, "to serve mail, give --messages");
        Status added = services->server_->add_listener(std::move(socket.fd),
                                                       services->listener_options(socket.use));
        if (!added) return tl::unexpected(added.error());
    }
    return services;
}

Status StreamServices::make_contexts(TlsShared& tls) {
    // RFC 7858 §3.1 asks for no ALPN; RFC 8310 clients may offer "dot".
    auto dns = TlsContext::create({.service = storage::Service::dns, .alpn = {"dot"}}, *identities_,
                                  tls.tickets);
    if (!dns) return tl::unexpected(dns.error());
    dns_context_ = std::move(*dns);
    auto https =
        TlsContext::create({.service = storage::Service::https, .alpn = {"h2", "http/1.1"}},
                           *identities_, tls.tickets);
    if (!https) return tl::unexpected(https.error());
    https_context_ = std::move(*https);
    auto smtp = TlsContext::create({.service = storage::Service::smtp}, *identities_, tls.tickets);
    if (!smtp) return tl::unexpected(smtp.error());
    smtp_context_ = std::move(*smtp);
    // What a client of another protocol is tricked into sending here is refused (RFC 7301 §3.2).
    auto imap = TlsContext::create({.service = storage::Service::imap, .alpn = {"imap"}},
                                   *identities_, tls.tickets);
    if (!imap) return tl::unexpected(imap.error());
    imap_context_ = std::move(*imap);
    auto pop3 = TlsContext::create({.service = storage::Service::pop3, .alpn = {"pop3"}},
                                   *identities_, tls.tickets);
    if (!pop3) return tl::unexpected(pop3.error());
    pop3_context_ = std::move(*pop3);
    return {};
}

Status StreamServices::make_http(const StreamSurroundings& surroundings) {
    http_surroundings_ = std::make_unique<HttpSurroundings>(HttpSurroundings::Parts{
        surroundings.answerer, server_->host().buffers, surroundings.streams, surroundings.page,
        surroundings.image, surroundings.directory, *identities_,
        surroundings.mail == nullptr ? nullptr : &surroundings.mail->all_counters()});
    const auto make = [&](HttpSite site, std::unique_ptr<HttpService>& out) -> Status {
        HttpOptions http = options_.http;
        http.site = site;
        auto made = HttpService::create(http, *http_surroundings_);
        if (!made) return tl::unexpected(made.error());
        out = std::move(*made);
        return {};
    };
    if (Status made = make(HttpSite::public_https, https_); !made) return made;
    if (Status made = make(HttpSite::public_http, http_); !made) return made;
    return make(HttpSite::admin, admin_);
}

namespace {

// Those of a kind that is not known were refused with the command line.
std::vector<SaslMechanism> mechanisms_of(const std::vector<std::string>& names) {
    std::vector<SaslMechanism> mechanisms;
    for (const std::string& name : names)
        if (auto known = find_mechanism(name)) mechanisms.push_back(*known);
    return mechanisms;
}

}  // namespace

Status StreamServices::make_mail(const StreamSurroundings& surroundings) {
    if (surroundings.mail == nullptr) return {};
    const MailOptions& about = options_.mail;
    auto made = MailService::create({.ring = surroundings.ring,
                                     .shared = *surroundings.mail,
                                     .directory = directory_now(surroundings.directory),
                                     .mailboxes = mailboxes_now(surroundings.mailboxes),
                                     .smtp_tls = *smtp_context_,
                                     .imap_tls = *imap_context_,
                                     .pop3_tls = *pop3_context_},
                                    {.worker = surroundings.worker,
                                     .hostname = about.hostname,
                                     .message_octets_max = about.message_size_max,
                                     .recipients_max = about.recipients_max,
                                     .postmaster = about.postmaster,
                                     .mechanisms = mechanisms_of(about.mechanisms)});
    if (!made) return tl::unexpected(made.error());
    mail_ = std::move(*made);
    return {};
}

uint64_t StreamServices::received() const {
    return dns_tcp_.received() + dns_tls_.received() + https_->received();
}

StreamListenerOptions StreamServices::listener_options(ListenerUse use) {
    StreamListenerOptions listener;
    listener.name = listener_use_name(use);
    listener.proxies = options_.proxies;
    switch (use) {
        case ListenerUse::dns:
            listener.protocol = &dns_tcp_;
            listener.connections_max = options_.dns_connections_max;
            break;
        case ListenerUse::dns_tls:
            listener.protocol = &dns_tls_;
            listener.tls = dns_context_.get();
            listener.connections_max = options_.dns_connections_max;
            break;
        case ListenerUse::https:
            listener.protocol = https_.get();
            listener.tls = https_context_.get();
            break;
        case ListenerUse::http:
            listener.protocol = http_.get();
            break;
        case ListenerUse::admin:
            listener.protocol = admin_.get();
            listener.connections_max = kAdminConnectionsMax;
            listener.has_own_places = true;
            break;
        case ListenerUse::smtp:
            listener.protocol = &mail_->protocol(SmtpRole::mx);
            break;
        case ListenerUse::submission:
            listener.protocol = &mail_->protocol(SmtpRole::submission);
            break;
        case ListenerUse::submissions:
            listener.protocol = &mail_->protocol(SmtpRole::submissions);
            listener.tls = smtp_context_.get();
            break;
        case ListenerUse::lmtp:
            listener.protocol = &mail_->protocol(SmtpRole::lmtp);
            break;
        case ListenerUse::mail_local:
            listener.protocol = &mail_->protocol(SmtpRole::local);
            break;
        case ListenerUse::imap:
            listener.protocol = &mail_->mailboxes().imap();
            break;
        case ListenerUse::imaps:
            listener.protocol = &mail_->mailboxes().imaps();
            listener.tls = imap_context_.get();
            break;
        case ListenerUse::pop3:
            listener.protocol = &mail_->mailboxes().pop3();
            break;
        case ListenerUse::pop3s:
            listener.protocol = &mail_->mailboxes().pop3s();
            listener.tls = pop3_context_.get();
            break;
    }
    return listener;
}

}  // namespace gatepost::dataplane
