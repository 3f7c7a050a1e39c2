// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of Fn::Sub
import { describe, expect, it } from 'vitest';
import type { Assembly, AssemblyStack } from './assembly.ts';
import { UnrunnableTemplateError } from './errors.ts';
import { resolveTemplate } from './resolved-template.ts';

const place = {
  region: 'us-east-1',
  accountId: '000000000000',
  apiUrl: 'http://127.0.0.1:4010',
  issuerUrl: 'http://127.0.0.1:4017',
};

function stack(name: string, template: Partial<AssemblyStack['template']>): AssemblyStack {
  const empty = { Resources: {}, Outputs: {}, Parameters: {}, Conditions: {}, Mappings: {} };
  return { name, template: { ...empty, ...template }, constructs: new Map([['Bucket1', 'Data']]) };
}

const assembly = (...stacks: AssemblyStack[]): Assembly => ({ stacks, assets: new Map() });
const resolve = (...stacks: AssemblyStack[]) => resolveTemplate(assembly(...stacks), place);

const data = stack('shop-data', {
  Resources: { Bucket1: { Type: 'AWS::S3::Bucket', Properties: {} } },
  Outputs: {
    BucketArn: { Value: { 'Fn::GetAtt': ['Bucket1', 'Arn'] }, Export: { Name: 'shop-data:BucketArn' } },
  },
});

describe('resolving an assembly', () => {
  it('names resources after stack and logical id, the same every time', () => {
    const [bucket] = resolve(data).resources;
    expect(bucket).toMatchObject({ stack: 'shop-data', logicalId: 'Bucket1', title: 'Data', type: 'AWS::S3::Bucket' });
    // sha256("shop-data/Bucket1") begins with these twelve digits (made with sha256sum).
    expect(bucket?.ref).toBe('shop-data-bucket1-9a667c5f71ca');
    expect(bucket?.attributes['Arn']).toBe(`arn:aws:s3:::${bucket?.ref}`);
  });

  it('carries values across stacks', () => {
    const pipeline = stack('shop-pipeline', {
      Resources: {
        Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'notices' } },
        Hear: {
          Type: 'AWS::SNS::Subscription',
          Properties: {
            TopicArn: { Ref: 'Topic' },
            Protocol: 'lambda',
            Endpoint: { 'Fn::ImportValue': 'shop-data:BucketArn' },
          },
        },
      },
      Outputs: {
        Account: { Value: { 'Fn::Sub': '${AWS::Partition}/${AWS::AccountId}/${AWS::StackName}/${AWS::URLSuffix}' } },
      },
    });
    const { resources, outputs } = resolve(data, pipeline);
    expect(resources.find(({ logicalId }) => logicalId === 'Hear')?.properties).toEqual({
      TopicArn: 'arn:aws:sns:us-east-1:000000000000:notices',
      Protocol: 'lambda',
      Endpoint: outputs['shop-data']?.['BucketArn'],
    });
    expect(outputs['shop-pipeline']?.['Account']).toBe('aws/000000000000/shop-pipeline/amazonaws.com');
  });

  it('leaves out what a condition leaves out', () => {
    const conditional = stack('s', {
      Conditions: { InEurope: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] } },
      Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: {}, Condition: 'InEurope' } },
    });
    expect(resolve(conditional).resources).toEqual([]);
  });

  it('refuses all unknown types and properties at once, by stack and logical id', () => {
    const strange = stack('s', {
      Resources: {
        Cluster: { Type: 'AWS::ECS::Cluster', Properties: {} },
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: {
            EventPattern: { source: ['x'] },
            Targets: [{ Id: 'a', Arn: 'b', EcsParameters: { TaskCount: 1 } }],
          },
        },
        Function: { Type: 'AWS::Lambda::Function', Properties: { Layers: ['x'], Handler: 'index.handler' } },
        Key: { Type: 'AWS::KMS::Alias', Properties: { Anything: 'goes' } },
        Role: { Type: 'AWS::IAM::Role', Properties: { PermissionsBoundary: 'x' } },
      },
    });
    expect(() => resolve(strange)).toThrow(UnrunnableTemplateError);
    try {
      resolve(strange);
    } catch (error) {
      expect((error as UnrunnableTemplateError).problems).toEqual([
        's/Cluster: the resource type AWS::ECS::Cluster is not known here',
        's/Rule: the property Targets[].EcsParameters.TaskCount of AWS::Events::Rule is not known here',
        's/Function: the property Layers[] of AWS::Lambda::Function is not known here',
        's/Role: the property PermissionsBoundary of AWS::IAM::Role is not known here',
      ]);
    }
  });

  it.each([
    ['a resource', { Ref: 'Nobody' }, /there is no resource or parameter Nobody/],
    [
      'an attribute',
      { 'Fn::GetAtt': ['Queue', 'Colour'] },
      /the attribute Colour of Queue \(AWS::SQS::Queue\) is not known here; known are Arn/,
    ],
    ['an export', { 'Fn::ImportValue': 'nothing' }, /nothing exports nothing/],
  ])('refuses a reference to %s that is not there', (_, value, message) => {
    const dangling = stack('s', {
      Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: {} } },
      Outputs: { O: { Value: value } },
    });
    expect(() => resolve(dangling)).toThrow(message);
  });

  it('knows the version of the bootstrap stack, and a parameter’s default', () => {
    const parameters = stack('s', {
      Parameters: {
        BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/hnb659fds/version' },
        Size: { Type: 'Number', Default: 3 },
      },
      Outputs: { A: { Value: { Ref: 'BootstrapVersion' } }, B: { Value: { Ref: 'Size' } } },
    });
    expect(resolve(parameters).outputs['s']).toEqual({ A: '30', B: 3 });
  });
});
