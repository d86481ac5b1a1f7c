#include "tools/gatepost/command/domain_hosts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "controlplane/model/certificate.h"
#include "controlplane/model/host_name.h"
#include "controlplane/model/mail_name.h"
#include "controlplane/model/record.h"

namespace gatepost::tools {

namespace {

using controlplane::CertificateInfo;
using controlplane::MailDomain;
using controlplane::MailDomainChange;

// As gatepost.mail_domains has it, in characters.
constexpr size_t kDisplayNameMax = 200;
constexpr size_t kShortNameMax = 50;

// "" stays "": by rule again.
Result<std::optional<std::string>> host_option(const Arguments& arguments, std::string_view name) {
    if (!arguments.has(name)) return std::nullopt;
    const std::string text = arguments.text(name);
    if (text.empty()) return text;
    auto host = controlplane::client_host_from_text(text);
    if (!host) return wrap(name, std::move(host).error());
    return std::move(*host);
}

Result<std::optional<std::string>> shown_option(const Arguments& arguments, std::string_view name,
                                                size_t characters_max) {
    if (!arguments.has(name)) return std::nullopt;
    std::string text = arguments.text(name);
    // Octets that continue a character of UTF-8 begin with the bits 10.
    const auto characters = std::count_if(text.begin(), text.end(),
                                          [](char c) { return (uint8_t(c) & 0xc0U) != 0x80; });
    if (static_cast<size_t>(characters) > characters_max)
        return fail(ErrorCode::usage, "{}: at most {} characters, not {}", name, characters_max,
                    characters);
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return uint8_t(c) < 0x20 || c == 0x7f; }))
        return fail(ErrorCode::usage, "{}: without control characters", name);
    return text;
}

void warn_about_certificate(Context& context, const std::vector<CertificateInfo>& certificates,
                            const std::string& host) {
    bool self_signed = false;
    for (const CertificateInfo& certificate : certificates) {
        if (certificate.status == "expired" || !controlplane::names_cover(certificate.names, host))
            continue;
        if (certificate.type != "self-signed") return;
        self_signed = true;
    }
    context.warning(fmt::format(
        "there is {} certificate for {}: mail programs will not trust it (gatepost cert list, "
        "gatepost cert import)",
        self_signed ? "only a self-signed" : "no", host));
}

void tell_of_records(Context& context, controlplane::Connection& connection,
                     const std::string& domain) {
    const auto config = context.config();
    const auto hosts = service_hosts(connection, domain);
    if (!config || !hosts) return;
    const auto listed = controlplane::record_list(connection, domain, {.name = {}, .type = "SRV"});
    if (!listed) return;  // its DNS is somebody else's
    for (const controlplane::ExtraRecord& wanted : service_records(config->mail, *hosts)) {
        const std::string name = fmt::format("{}.{}.", wanted.name, domain);
        const auto there = std::find_if(listed->begin(), listed->end(), [&](const auto& rrset) {
            return rrset.name == name && rrset.type == wanted.type;
        });
        if (there == listed->end() || there->values == wanted.values) continue;
        context.note(fmt::format(
            "{} {} says \"{}\"; to have it say the same: gatepost record set {} {} SRV '{}'", name,
            wanted.type, fmt::join(there->values, "\", \""), domain, wanted.name,
            wanted.values.front()));
    }
}

}  // namespace

Status read_client_names(const Arguments& arguments, MailDomainChange& change) {
    for (const auto& [option, field] : {std::pair{"--imap-host", &MailDomainChange::imap_host},
                                        std::pair{"--pop-host", &MailDomainChange::pop_host},
                                        std::pair{"--smtp-host", &MailDomainChange::smtp_host}}) {
        auto host = host_option(arguments, option);
        if (!host) return tl::unexpected(std::move(host).error());
        change.*field = std::move(*host);
    }
    auto shown = shown_option(arguments, "--display-name", kDisplayNameMax);
    if (!shown) return tl::unexpected(std::move(shown).error());
    change.display_name = std::move(*shown);
    shown = shown_option(arguments, "--short-name", kShortNameMax);
    if (!shown) return tl::unexpected(std::move(shown).error());
    change.short_display_name = std::move(*shown);
    return {};
}

Result<ServiceHosts> service_hosts(controlplane::Connection& connection, std::string_view domain) {
    auto own = controlplane::mail_domain_list(connection, domain);
    if (!own) return tl::unexpected(std::move(own).error());
    if (domain.empty() || own->empty()) return ServiceHosts{};
    const MailDomain& about = own->front();
    ServiceHosts hosts{about.imap_host, about.pop_host, about.smtp_host};
    if (about.alias_of.empty()) return hosts;
    auto target = service_hosts(connection, about.alias_of);
    if (!target) return target;
    if (hosts.imap.empty()) hosts.imap = std::move(target->imap);
    if (hosts.pop.empty()) hosts.pop = std::move(target->pop);
    if (hosts.smtp.empty()) hosts.smtp = std::move(target->smtp);
    return hosts;
}

void warn_about_hosts(Context& context, controlplane::Connection& connection,
                      const MailDomain& after) {
    std::set<std::string> hosts = {after.imap_host, after.pop_host, after.smtp_host};
    hosts.erase("");
    const auto certificates = controlplane::certificate_list(connection);
    if (certificates)
        for (const std::string& host : hosts) warn_about_certificate(context, *certificates, host);
    tell_of_records(context, connection, after.name);
}

}  // namespace gatepost::tools
