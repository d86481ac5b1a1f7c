// gatepost cert list|show|import|export|self-signed|select|remove
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/certificate/new_certificate.h"
#include "controlplane/certificate/type_names.h"
#include "controlplane/model/certificate.h"
#include "storage/directory/service.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/command/cert_commands.h"
#include "tools/gatepost/command/cert_output.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using controlplane::CertificateInfo;
using nlohmann::ordered_json;

constexpr std::string_view kAllServices = "*";

Result<std::vector<CertificateInfo>> read_list(Context& context,
                                               const controlplane::CertificateFilter& filter) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    return controlplane::certificate_list(*connection, filter);
}

Result<int> list(Context& context, const Arguments& arguments) {
    auto filter = certificate_filter(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    if (arguments.has("--expiring"))
        filter->expire_days = static_cast<int>(controlplane::kExpiryWarningDays);
    auto certificates = read_list(context, *filter);
    if (!certificates) return tl::unexpected(std::move(certificates).error());
    context.print(context.json()
                      ? ordered_json{{"certificates", certificates_json(*certificates)}}.dump(2) +
                            "\n"
                      : certificate_table(*certificates));
    return kExitDone;
}

Result<int> show(Context& context, const Arguments& arguments) {
    auto filter = certificate_filter(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto stored = controlplane::certificate_get(*connection, *filter);
    if (!stored) return tl::unexpected(std::move(stored).error());
    auto pins = controlplane::service_certificate_list(*connection, filter->domain);
    if (!pins) return tl::unexpected(std::move(pins).error());
    ordered_json out = ordered_json::array();
    ordered_json selected = ordered_json::array();
    std::string text;
    for (const auto& certificate : *stored) {
        out.push_back(certificate_json(certificate.info));
        out.back()["chain"] = certificate.chain;
        text += (text.empty() ? "" : "\n") + certificate_text(certificate.info);
    }
    for (const auto& pin : *pins) {
        selected.push_back({{"service", pin.service}, {"type", pin.type}});
        text += fmt::format("\nselected for {}: {}\n",
                            pin.service == kAllServices ? "all services" : pin.service, pin.type);
    }
    context.print(context.json() ? ordered_json{{"domain", filter->domain},
                                                {"certificates", out},
                                                {"selected", selected}}
                                           .dump(2) +
                                       "\n"
                                 : text);
    return kExitDone;
}

// SERVICE DOMAIN TYPE.
Result<controlplane::ServiceCertificate> read_selection(const Arguments& arguments) {
    controlplane::ServiceCertificate wanted;
    auto filter = certificate_filter(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    wanted.domain = filter->domain;
    wanted.service = arguments.text("SERVICE");
    if (wanted.service == "all") wanted.service = kAllServices;
    if (wanted.service != kAllServices && !storage::service_from_name(wanted.service))
        return fail(ErrorCode::usage,
                    "\"{}\" is not a service, expected dns, https, smtp, imap, pop3, sieve or all",
                    wanted.service);
    wanted.type = arguments.text("TYPE");
    if (wanted.type == "auto") wanted.type.clear();
    if (!wanted.type.empty() && !controlplane::certificate_type_from_name(wanted.type))
        return fail(ErrorCode::usage,
                    "\"{}\" is not a type, expected live, staged, self-signed or auto",
                    wanted.type);
    return wanted;
}

Result<int> select(Context& context, const Arguments& arguments) {
    auto wanted = read_selection(arguments);
    if (!wanted) return tl::unexpected(std::move(wanted).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::service_certificate_set(*connection, *wanted, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    const auto word = [](const std::string& type) { return type.empty() ? "auto" : type; };
    if (!wanted->type.empty() && wanted->type != "self-signed") {
        auto there = controlplane::certificate_list(
            *connection, {.domain = wanted->domain, .type = wanted->type});
        if (there && there->empty())
            context.warning(fmt::format(
                "{} has no {} certificate yet; until it has, the order of preference counts",
                wanted->domain, wanted->type));
    }
    if (context.json()) {
        const EdgeWait edge = wait_for_edge(context, arguments, result->lsn);
        context.print(ordered_json{{"service", wanted->service},
                                   {"domain", wanted->domain},
                                   {"dry_run", options->dry_run},
                                   {"before", word(result->before)},
                                   {"after", word(result->after)},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
        return kExitDone;
    }
    context.note(result->before == result->after
                     ? "nothing to change"
                     : fmt::format("{} {}: {}{}, was {}", wanted->service, wanted->domain,
                                   options->dry_run ? "would be " : "", word(result->after),
                                   word(result->before)));
    wait_for_edge(context, arguments, result->lsn);
    return kExitDone;
}

// Only where somebody would notice.
Status confirm_removal(Context& context, const std::vector<CertificateInfo>& certificates) {
    for (const CertificateInfo& certificate : certificates)
        if (!certificate.used_by.empty())
            return confirm(context, fmt::format("The {} certificate of {} is used by {}. Remove it "
                                                "with its key?",
                                                certificate.type, certificate.domain,
                                                users_text(certificate.used_by)));
    return {};
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto filter = certificate_filter(arguments);
    if (!filter) return tl::unexpected(std::move(filter).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto there = controlplane::certificate_list(*connection, *filter);
    if (!there) return tl::unexpected(std::move(there).error());
    if (!options->dry_run)
        if (Status yes = confirm_removal(context, *there); !yes)
            return tl::unexpected(std::move(yes).error());
    auto result = controlplane::certificate_remove(*connection, *filter, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_certificates(context, arguments, *result);
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> cert_commands() {
    return {
        {.noun = "cert",
         .verb = "list",
         .summary = "Lists the certificates: until when they are good, and who uses them now.",
         .arguments = {{"DOMAIN", Arity::optional, "only those of this host"}},
         .options = {kCertTypeOption,
                     {"--expiring", "", "only those that end within 30 days, or have ended"}},
         .examples = {"gatepost cert list", "gatepost cert list --expiring --json"},
         .run = list},
        {.noun = "cert",
         .verb = "show",
         .summary = "All about the certificates of a host.",
         .arguments = {{"DOMAIN", Arity::one, "as the list has it"}},
         .options = {kCertTypeOption, kCertKeyTypeOption},
         .examples = {"gatepost cert show example.org",
                      "gatepost cert show example.org --type live --json"},
         .run = show},
        cert_import_command(),
        cert_export_command(),
        cert_self_signed_command(),
        {.noun = "cert",
         .verb = "select",
         .summary =
             "Has a service use certificates of that type for a host. Otherwise the order of "
             "preference counts, which is live, staged, self-signed; and so it does where there is "
             "none of that type that is valid.",
         .arguments = {{"SERVICE", Arity::one, "dns, https, smtp, imap, pop3, sieve or all"},
                       {"DOMAIN", Arity::one, "the host"},
                       {"TYPE", Arity::one, "live, staged, self-signed; auto: by preference"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost cert select smtp mail.example.org staged",
                      "gatepost cert select all mail.example.org auto"},
         .run = select},
        {.noun = "cert",
         .verb = "remove",
         .summary = "Removes certificates of a host with their keys. Where a self-signed one is "
                    "needed still, the control plane makes another.",
         .arguments = {{"DOMAIN", Arity::one, "as the list has it"}},
         .options = {kCertTypeOption, kCertKeyTypeOption, kNoWaitOption},
         .examples = {"gatepost cert remove example.org --type staged",
                      "gatepost cert remove example.org --yes"},
         .run = remove},
    };
}

}  // namespace gatepost::tools
