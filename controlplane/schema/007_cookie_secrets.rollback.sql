ALTER PUBLICATION gatepost DROP TABLE gatepost.dns_cookie_secret;
DROP TABLE gatepost.dns_cookie_secret;
DROP FUNCTION gatepost.dns_cookie_secret_rules();
DROP FUNCTION gatepost.random_secret();
