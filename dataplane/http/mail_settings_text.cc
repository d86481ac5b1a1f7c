#include "dataplane/http/mail_settings_text.h"

#include <fmt/format.h>

#include "dataplane/dns/siphash.h"

namespace gatepost::dataplane {

namespace {

using Ports = MailClientSettings::Ports;

constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

void write_element(TextWriter& out, std::string_view indent, std::string_view name,
                   std::string_view text) {
    out.put(indent);
    out.put("<");
    out.put(name);
    out.put(">");
    out.put_xml(text);
    out.put("</");
    out.put(name);
    out.put(">\n");
}

// ---- Mozilla

void write_server(TextWriter& out, std::string_view element, std::string_view type,
                  std::string_view host, uint16_t port, std::string_view socket_type) {
    if (port == 0) return;
    out.put(fmt::format("    <{} type=\"{}\">\n", element, type));
    write_element(out, "      ", "hostname", host);
    write_element(out, "      ", "port", fmt::to_string(port));
    write_element(out, "      ", "socketType", socket_type);
    write_element(out, "      ", "authentication", "password-cleartext");
    write_element(out, "      ", "username", "%EMAILADDRESS%");
    out.put(fmt::format("    </{}>\n", element));
}

// A program takes the first that it can use: TLS from the first octet (RFC 8314 §3).
void write_servers(TextWriter& out, std::string_view element, std::string_view type,
                   std::string_view host, const Ports& ports) {
    write_server(out, element, type, host, ports.tls, "SSL");
    write_server(out, element, type, host, ports.starttls, "STARTTLS");
}

// ---- Outlook

constexpr std::string_view kAutodiscoverHead =
    "<Autodiscover "
    "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n";

void write_protocol(TextWriter& out, std::string_view type, std::string_view host,
                    const Ports& ports, std::string_view address) {
    if (!ports.any()) return;
    const bool tls = ports.tls != 0;
    out.put("      <Protocol>\n");
    constexpr std::string_view kIndent = "        ";
    write_element(out, kIndent, "Type", type);
    write_element(out, kIndent, "Server", host);
    write_element(out, kIndent, "Port", fmt::to_string(tls ? ports.tls : ports.starttls));
    write_element(out, kIndent, "DomainRequired", "off");
    write_element(out, kIndent, "LoginName", address);
    write_element(out, kIndent, "SPA", "off");
    write_element(out, kIndent, "SSL", tls ? "on" : "off");
    write_element(out, kIndent, "Encryption", tls ? "SSL" : "TLS");
    write_element(out, kIndent, "AuthRequired", "on");
    if (type == "SMTP") {
        write_element(out, kIndent, "UsePOPAuth", "off");
        write_element(out, kIndent, "SMTPLast", "off");
    }
    out.put("      </Protocol>\n");
}

// ---- Apple

class PropertyList {
  public:
    PropertyList(TextWriter& out, std::string_view indent) : out_(out), indent_(indent) {}

    void text(std::string_view key, std::string_view value) {
        write_element(out_, indent_, "key", key);
        write_element(out_, indent_, "string", value);
    }
    void number(std::string_view key, uint16_t value) {
        write_element(out_, indent_, "key", key);
        write_element(out_, indent_, "integer", fmt::to_string(value));
    }
    void yes(std::string_view key) {
        write_element(out_, indent_, "key", key);
        out_.put(indent_);
        out_.put("<true/>\n");
    }

  private:
    TextWriter& out_;
    std::string_view indent_;
};

// RFC 9562 §5.8: a UUID made of a hash of the address, so that it stays the same.
std::string stable_uuid(std::string_view address, uint8_t purpose) {
    uint8_t key[16] = {purpose};
    const auto* octets = reinterpret_cast<const uint8_t*>(address.data());
    const uint64_t high = siphash24(key, octets, address.size());
    key[1] = 1;
    const uint64_t low = siphash24(key, octets, address.size());
    return fmt::format("{:08X}-{:04X}-8{:03X}-{:04X}-{:012X}", high >> 32, (high >> 16) & 0xffff,
                       high & 0xfff, 0x8000 | ((low >> 48) & 0x3fff), low & 0xffff'ffff'ffff);
}

uint16_t first_port(const Ports& ports) {
    return ports.tls != 0 ? ports.tls : ports.starttls;
}

void write_account(PropertyList list, const DomainClientSettings& settings,
                   std::string_view address) {
    const MailClientSettings& server = settings.server;
    const bool imap = server.imap.any();
    list.text("PayloadType", "com.apple.mail.managed");
    list.text("PayloadIdentifier", fmt::format("gatepost.{}.mail.account", settings.domain));
    list.text("PayloadUUID", stable_uuid(address, 1));
    list.number("PayloadVersion", 1);
    list.text("PayloadDisplayName", address);
    list.text("EmailAccountDescription", address);
    list.text("EmailAccountType", imap ? "EmailTypeIMAP" : "EmailTypePOP");
    list.text("EmailAddress", address);
    list.text("IncomingMailServerAuthentication", "EmailAuthPassword");
    list.text("IncomingMailServerHostName", imap ? settings.imap_host : settings.pop_host);
    list.number("IncomingMailServerPortNumber", first_port(imap ? server.imap : server.pop3));
    list.yes("IncomingMailServerUseSSL");
    list.text("IncomingMailServerUsername", address);
    if (!server.submission.any()) return;
    list.text("OutgoingMailServerAuthentication", "EmailAuthPassword");
    list.text("OutgoingMailServerHostName", settings.smtp_host);
    list.number("OutgoingMailServerPortNumber", first_port(server.submission));
    list.yes("OutgoingMailServerUseSSL");
    list.text("OutgoingMailServerUsername", address);
    list.yes("OutgoingPasswordSameAsIncomingPassword");
}

}  // namespace

void write_autoconfig(const DomainClientSettings& settings, TextWriter& out) {
    const MailClientSettings& server = settings.server;
    out.put(kXmlHead);
    out.put("<clientConfig version=\"1.1\">\n  <emailProvider id=\"");
    out.put_xml(settings.domain);
    out.put("\">\n");
    write_element(out, "    ", "domain", settings.domain);
    write_element(out, "    ", "displayName", settings.display_name);
    write_element(out, "    ", "displayShortName", settings.short_display_name);
    write_servers(out, "incomingServer", "imap", settings.imap_host, server.imap);
    write_servers(out, "incomingServer", "pop3", settings.pop_host, server.pop3);
    write_servers(out, "outgoingServer", "smtp", settings.smtp_host, server.submission);
    out.put("  </emailProvider>\n</clientConfig>\n");
}

void write_autodiscover_settings(const DomainClientSettings& settings, std::string_view address,
                                 TextWriter& out) {
    out.put(kXmlHead);
    out.put(kAutodiscoverHead);
    out.put(
        "  <Response "
        "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/"
        "2006a\">\n"
        "    <User>\n");
    write_element(out, "      ", "DisplayName", address);
    out.put(
        "    </User>\n"
        "    <Account>\n"
        "      <AccountType>email</AccountType>\n"
        "      <Action>settings</Action>\n");
    write_protocol(out, "IMAP", settings.imap_host, settings.server.imap, address);
    write_protocol(out, "POP3", settings.pop_host, settings.server.pop3, address);
    write_protocol(out, "SMTP", settings.smtp_host, settings.server.submission, address);
    out.put("    </Account>\n  </Response>\n</Autodiscover>\n");
}

void write_autodiscover_error(int code, std::string_view message, TextWriter& out) {
    out.put(kXmlHead);
    out.put(kAutodiscoverHead);
    out.put("  <Response>\n    <Error Time=\"00:00:00\" Id=\"0\">\n");
    write_element(out, "      ", "ErrorCode", fmt::to_string(code));
    write_element(out, "      ", "Message", message);
    out.put("      <DebugData />\n    </Error>\n  </Response>\n</Autodiscover>\n");
}

void write_apple_profile(const DomainClientSettings& settings, std::string_view address,
                         TextWriter& out) {
    out.put(kXmlHead);
    out.put(
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
        "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
        "<plist version=\"1.0\">\n<dict>\n"
        "  <key>PayloadContent</key>\n  <array>\n    <dict>\n");
    write_account(PropertyList(out, "      "), settings, address);
    out.put("    </dict>\n  </array>\n");
    PropertyList list(out, "  ");
    list.text("PayloadType", "Configuration");
    list.text("PayloadIdentifier", fmt::format("gatepost.{}.mail", settings.domain));
    list.text("PayloadUUID", stable_uuid(address, 0));
    list.number("PayloadVersion", 1);
    list.text("PayloadDisplayName", fmt::format("Mail of {}", settings.display_name));
    list.text("PayloadOrganization", settings.display_name);
    out.put("</dict>\n</plist>\n");
}

}  // namespace gatepost::dataplane
