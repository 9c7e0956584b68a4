Feature: connection codes
  Scenario: a code names its template
    Given I have kardia_connection_code defined
    Then it must have template

  Scenario: a code costs less than 100
    Given I have kardia_connection_code defined
    When it has price
    Then its value must be less than 100

  Scenario: events go to an allowed host
    Given I have kardia_callback defined
    When it has url
    Then its value must match the "^https://hooks\.example\.com/" regex
