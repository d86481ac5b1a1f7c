#include "dataplane/http/mail_autoconfig.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>

#include "dataplane/http/mail_settings_text.h"
#include "dataplane/http/redirect_location.h"
#include "storage/directory/mail_entries.h"
#include "storage/mail_address/mail_address.h"

namespace gatepost::dataplane {

namespace {

constexpr std::string_view kAutoconfigPaths[] = {"/mail/config-v1.1.xml",
                                                 "/.well-known/autoconfig/mail/config-v1.1.xml"};
// Outlook has asked for it in several spellings.
constexpr std::string_view kAutodiscoverPath = "/autodiscover/autodiscover.xml";
constexpr std::string_view kProfilePath = "/email.mobileconfig";
// A client's address and domain names are short; what is longer is no address.
constexpr size_t kParameterMax = 3 * storage::kMailAddressMax;  // octets, with escapes

enum class Page : uint8_t { none, autoconfig, autodiscover, profile };

Page page_of(std::string_view path) {
    if (std::ranges::find(kAutoconfigPaths, path) != std::end(kAutoconfigPaths))
        return Page::autoconfig;
    if (equals_ignoring_case(path, kAutodiscoverPath)) return Page::autodiscover;
    return path == kProfilePath ? Page::profile : Page::none;
}

std::optional<storage::MailAddress> read_address(std::string_view text) {
    auto address = storage::read_mail_address(text, storage::AddressForm::utf8);
    if (!address || address->domain.empty()) return std::nullopt;
    return std::move(*address);
}

// The address in a query, under any of the names that clients have for it.
std::optional<storage::MailAddress> address_in(const HttpRequest& request) {
    for (const std::string_view name : {"emailaddress", "email", "Email", "EmailAddress"}) {
        const auto value = query_parameter(request.query, name);
        if (!value || value->size() > kParameterMax) continue;
        std::array<uint8_t, kParameterMax> room;
        // A '+' stands for itself: in addresses it is no blank, and clients do not escape it.
        const auto length = decode_percent(*value, false, room.data());
        if (!length) continue;
        auto address = read_address({reinterpret_cast<const char*>(room.data()), *length});
        if (address) return address;
    }
    return std::nullopt;
}

// nullopt: nobody of that domain logs in here.
std::optional<storage::MailDomain> find_domain(const HttpEnvironment& environment,
                                               std::string_view domain) {
    const auto entry = environment.find(storage::EntryKind::mail_domain, domain);
    if (!entry) return std::nullopt;
    const auto known = storage::decode_mail_domain(entry->value);
    if (!known || !known->active) return std::nullopt;
    return *known;
}

std::string_view first_of(std::initializer_list<std::string_view> texts) {
    const auto* found = std::ranges::find_if(texts, [](auto text) { return !text.empty(); });
    return found == texts.end() ? std::string_view() : *found;
}

// What the domain says itself, or else the domain that it is an alias of, or else the server.
std::optional<DomainClientSettings> settings_of(const MailClientSettings& server,
                                                const HttpEnvironment& environment,
                                                std::string_view domain) {
    const auto own = find_domain(environment, domain);
    if (!own) return std::nullopt;
    auto target = own;
    if (!own->alias_of.empty()) target = find_domain(environment, own->alias_of);
    if (!target) return std::nullopt;
    const auto host = [&](std::string_view storage::MailDomain::*field) {
        return first_of({(*own).*field, (*target).*field, server.hostname});
    };
    const std::string_view shown = first_of({own->display_name, target->display_name, domain});
    return DomainClientSettings{.server = server,
                                .domain = domain,
                                .display_name = shown,
                                .short_display_name = first_of(
                                    {own->short_display_name, target->short_display_name, shown}),
                                .imap_host = host(&storage::MailDomain::imap_host),
                                .pop_host = host(&storage::MailDomain::pop_host),
                                .smtp_host = host(&storage::MailDomain::smtp_host)};
}

// "autoconfig.example.org" and "autodiscover.example.org" are asked about example.org.
std::string domain_of_host(const HttpRequest& request) {
    char room[kHostKeyMax];
    std::string_view host = host_key(request, room);
    for (const std::string_view label : {"autoconfig.", "autodiscover."})
        if (host.starts_with(label)) host.remove_prefix(label.size());
    return std::string(host);
}

Verdict refuse_autoconfig(HttpResponse& response, int status, std::string_view line) {
    response.refuse(status, line);
    return Verdict::respond;
}

Verdict finish(HttpResponse& response, std::string_view type, const TextWriter& out) {
    if (!out.ok())
        return refuse_autoconfig(response, 503, "The worker's buffers are all in use.\n");
    response.content_type = type;
    response.no_store = true;
    return Verdict::respond;
}

// What stands in an element of XML, with its five entities decoded; nullopt: there is none.
std::optional<std::string> element_text(std::string_view xml, std::string_view name) {
    const std::string begin = std::string(name) + ">";
    const size_t at = xml.find(begin);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view text = xml.substr(at + begin.size());
    text = trim_blanks(text.substr(0, text.find('<')));
    std::string out;
    while (!text.empty()) {
        constexpr std::pair<std::string_view, char> kEntities[] = {
            {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
        const auto entity = std::ranges::find_if(
            kEntities, [&](const auto& known) { return text.starts_with(known.first); });
        const bool found = entity != std::end(kEntities);
        out += found ? entity->second : text.front();
        text.remove_prefix(found ? entity->first.size() : 1);
    }
    return out;
}

void write_autodiscover(const std::optional<storage::MailAddress>& address,
                        const MailClientSettings& settings, const HttpEnvironment& environment,
                        HttpResponse& response) {
    TextWriter out(response.text);
    const auto found = address ? settings_of(settings, environment, address->domain) : std::nullopt;
    if (found)
        write_autodiscover_settings(*found, address->text(), out);
    else
        write_autodiscover_error(500, "The e-mail address cannot be found.", out);
    finish(response, kAutodiscoverType, out);
}

}  // namespace

bool is_autoconfig_path(std::string_view path) {
    return page_of(path) != Page::none;
}

Verdict judge_autoconfig(const HttpRequest& request, const MailClientSettings& settings,
                         const HttpEnvironment& environment, HttpResponse& response,
                         DohQuery& query) {
    const Page page = page_of(request.path);
    const bool posts = page == Page::autodiscover && request.method == HttpMethod::post;
    if (!posts && !request.is_read()) {
        response.allow = page == Page::autodiscover ? "GET, HEAD, POST" : "GET, HEAD";
        return refuse_autoconfig(response, 405, "That method does not do here.\n");
    }
    if (settings.hostname.empty() || (!settings.imap.any() && !settings.pop3.any()))
        return refuse_autoconfig(response, 404, "Mail is not served here.\n");
    if (posts) {
        query.autodiscover = true;
        return Verdict::read_query;
    }
    const auto address = address_in(request);
    if (page == Page::autodiscover) {
        write_autodiscover(address, settings, environment, response);
        return Verdict::respond;
    }
    if (page == Page::profile && !address)
        return refuse_autoconfig(response, 400, "Write ?email= and an address.\n");
    const std::string domain = address ? address->domain : domain_of_host(request);
    const auto found = settings_of(settings, environment, domain);
    if (!found) return refuse_autoconfig(response, 404, "There is no such domain here.\n");
    TextWriter out(response.text);
    if (page == Page::autoconfig) {
        write_autoconfig(*found, out);
        return finish(response, kAutoconfigType, out);
    }
    write_apple_profile(*found, address->text(), out);
    return finish(response, kAppleProfileType, out);
}

void take_autodiscover_body(Bytes body, const MailClientSettings& settings,
                            const HttpEnvironment& environment, HttpResponse& response) {
    const std::string_view xml(reinterpret_cast<const char*>(body.data()), body.size());
    const auto text = element_text(xml, "EMailAddress");
    // Mobile devices that ask for ActiveSync are told that there is none, and go on to IMAP.
    if (xml.find("/mobilesync/") != std::string_view::npos) {
        TextWriter out(response.text);
        write_autodiscover_error(601, "The provider is not available.", out);
        finish(response, kAutodiscoverType, out);
        return;
    }
    write_autodiscover(text ? read_address(*text) : std::nullopt, settings, environment, response);
}

}  // namespace gatepost::dataplane
