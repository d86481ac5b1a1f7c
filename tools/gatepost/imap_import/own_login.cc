#include "tools/gatepost/imap_import/own_login.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "controlplane/model/certificate.h"
#include "controlplane/model/credential.h"
#include "storage/password/create.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

// Longer than any import takes; a password that a kill has left ends by itself.
constexpr std::chrono::days kPasswordLife{30};
constexpr auto kEdgeWait = 30'000ms;
// What a run that was killed had handed over is stored within this time.
constexpr auto kLastRunWait = 10'000ms;
constexpr auto kLook = 50ms;
constexpr size_t kLabelMax = 100;  // characters that are shown

Result<ServerAddress> own_address(const MailConfig& mail) {
    const bool tls = !mail.imaps_listen.empty();
    const std::vector<Endpoint>& listen = tls ? mail.imaps_listen : mail.imap_listen;
    if (listen.empty())
        return fail(ErrorCode::refused,
                    "IMAP is not served here, and messages are stored over it: imap.tls_listen or "
                    "imap.listen is to be set (127.0.0.1@993 is enough)");
    const Endpoint& endpoint = listen.front();
    ServerAddress address;
    address.privacy = tls ? ServerAddress::Privacy::tls : ServerAddress::Privacy::start_tls;
    address.port = endpoint.port();
    address.host = endpoint_host(endpoint);
    if (endpoint.is_wildcard()) address.host = endpoint.family() == AF_INET6 ? "::1" : "127.0.0.1";
    return address;
}

// Those of the database: whoever has the key of one is this Gatepost, or another edge of it.
Result<TlsTrust> own_trust(controlplane::Connection& connection) {
    auto certificates = controlplane::certificate_list(connection);
    if (!certificates) return tl::unexpected(std::move(certificates).error());
    if (certificates->empty())
        return fail(ErrorCode::refused,
                    "there is no certificate, so that nobody can log in: see gatepost cert");
    std::vector<std::string> fingerprints;
    for (const controlplane::CertificateInfo& one : *certificates)
        fingerprints.push_back(one.fingerprint);
    return TlsTrust::certificates(std::move(fingerprints));
}

Status wait_for_login(Context& context, controlplane::Lsn lsn) {
    auto control = context.control();
    if (!control) return wrap("is Gatepost running?", std::move(control).error());
    const auto wait = context.timeout(kEdgeWait);
    auto reply = control->request({{"op", "sync.wait"},
                                   {"lsn", controlplane::lsn_to_text(lsn)},
                                   {"timeout_ms", wait.count()}},
                                  wait + 1000ms);
    if (!reply) return tl::unexpected(std::move(reply).error());
    return {};
}

// An APPEND of a run that was killed may still be under way: it is over before anybody looks at
// what is there. Such a session comes from this host, has no mailbox open, and is at work.
void wait_for_last_run(Context& context, const std::string& address) {
    const auto deadline = Clock::now() + kLastRunWait;
    while (Clock::now() < deadline) {
        auto control = context.control();
        if (!control) return;
        auto reply = control->request({{"op", "user.sessions"}}, context.timeout(kLastRunWait));
        if (!reply || !(*reply)["sessions"].is_array()) return;
        const bool busy = std::ranges::any_of((*reply)["sessions"], [&](const json& session) {
            return session.value("user", "") == address && session.value("service", "") == "imap" &&
                   session.value("what", "") == "busy";
        });
        if (!busy) return;
        std::this_thread::sleep_for(kLook);
    }
}

std::string password_end() {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}+00",
                       fmt::gmtime(std::chrono::system_clock::now() + kPasswordLife));
}

std::string label_for(const std::string& source) {
    std::string label = "import from " + source;
    for (char& c : label)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    return label.substr(0, kLabelMax);
}

}  // namespace

Result<OwnLogin> OwnLogin::make(Context& context, controlplane::Connection& connection,
                                const std::string& address, const std::string& source) {
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto at = own_address(config->mail);
    if (!at) return tl::unexpected(std::move(at).error());
    auto trust = own_trust(connection);
    if (!trust) return tl::unexpected(std::move(trust).error());
    const std::string label = label_for(source);
    const controlplane::WriteOptions options{.actor = actor_name()};
    auto credentials = controlplane::credential_list(connection, address);
    if (!credentials) return tl::unexpected(std::move(credentials).error());
    const bool left_over =
        std::ranges::find(*credentials, label, &controlplane::CredentialInfo::label) !=
        credentials->end();
    if (left_over) {
        auto removed = controlplane::app_password_remove(connection, address, label, options);
        if (!removed) return tl::unexpected(std::move(removed).error());
        wait_for_last_run(context, address);
    }
    auto password = storage::generate_password();
    if (!password) return tl::unexpected(std::move(password).error());
    auto hash = storage::hash_password(storage::kPreferredScheme, *password, {.login = address});
    if (!hash) return tl::unexpected(std::move(hash).error());
    auto made = controlplane::app_password_add(connection, address,
                                               {.label = label,
                                                .hash = std::move(*hash),
                                                .services = {"imap"},
                                                .expires_at = password_end()},
                                               options);
    if (!made) return tl::unexpected(std::move(made).error());
    // From here on it is taken away whatever happens.
    OwnLogin login(connection, address, label,
                   {std::move(*at), std::move(*trust), address, std::move(*password)});
    if (Status waited = wait_for_login(context, made->lsn); !waited)
        return tl::unexpected(std::move(waited).error());
    return login;
}

OwnLogin::OwnLogin(OwnLogin&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      address_(std::move(other.address_)),
      label_(std::move(other.label_)),
      end_(std::move(other.end_)) {}

// Where the database has gone, the next run takes it away.
OwnLogin::~OwnLogin() {
    if (connection_ == nullptr) return;
    [[maybe_unused]] const auto removed =
        controlplane::app_password_remove(*connection_, address_, label_, {.actor = actor_name()});
}

}  // namespace gatepost::tools
